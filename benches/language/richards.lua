local floor = math.floor
local function class(base)
  local c = {} c.__index = c
  return setmetatable(c, { __index = base })
end
local Packet = class()
local function packet(link, owner, kind)
  return setmetatable({ link = link, owner = owner, kind = kind, datum = 1, data = { 0, 0, 0, 0 } }, Packet)
end
function Packet:appendTo(queue)
  self.link = nil
  if not queue then return self end
  local last = queue
  while last.link do last = last.link end
  last.link = self
  return queue
end
local Task = class()
function Task:running() self.pending = false self.waiting = false self.held = false end
function Task:isHeldOrWaiting() return self.held or (not self.pending and self.waiting) end
function Task:isWaitingWithPacket() return self.pending and self.waiting and not self.held end
function Task:append(p, over)
  if not self.input then
    self.input = p
    self.pending = true
    if self.priority > over.priority then return self end
  else
    self.input = p:appendTo(self.input)
  end
  return over
end
function Task:resume()
  local p
  if self:isWaitingWithPacket() then
    p = self.input
    self.input = p.link
    self:running()
    if self.input then self.pending = true end
  end
  return self:process(p)
end
local Idle, Work, Handler, Device = class(Task), class(Task), class(Task), class(Task)
function Idle:process()
  self.count = self.count - 1
  if self.count == 0 then return self.scheduler:holdSelf() end
  if self.control % 2 == 0 then
    self.control = floor(self.control / 2)
    return self.scheduler:release(5)
  end
  self.control = 53256 - floor(self.control / 2)
  return self.scheduler:release(6)
end
function Work:process(p)
  if not p then return self.scheduler:waitSelf() end
  self.destination = 7 - self.destination
  p.owner = self.destination
  p.datum = 1
  for i = 1, #p.data do
    self.count = self.count + 1
    if self.count > 26 then self.count = 1 end
    p.data[i] = 64 + self.count
  end
  return self.scheduler:queue(p)
end
function Handler:process(p)
  if p then
    if p.kind == 1 then self.work = p:appendTo(self.work) else self.devices = p:appendTo(self.devices) end
  end
  local item = self.work
  if item then
    local count = item.datum
    if count > 4 then
      self.work = item.link
      return self.scheduler:queue(item)
    end
    local device = self.devices
    if device then
      self.devices = device.link
      device.datum = item.data[count]
      item.datum = count + 1
      return self.scheduler:queue(device)
    end
  end
  return self.scheduler:waitSelf()
end
function Device:process(p)
  if not p then
    local item = self.kept
    if not item then return self.scheduler:waitSelf() end
    self.kept = nil
    return self.scheduler:queue(item)
  end
  self.kept = p
  return self.scheduler:holdSelf()
end
local Scheduler = class()
function Scheduler:add(kind, id, priority, input)
  local t = setmetatable({ link = self.list, identity = id, priority = priority, input = input, scheduler = self,
    pending = input ~= nil, waiting = true, held = false }, kind)
  self.list = t
  self.tasks[id] = t
  return t
end
function Scheduler:holdSelf() self.held = self.held + 1 self.current.held = true return self.current.link end
function Scheduler:waitSelf() self.current.waiting = true return self.current end
function Scheduler:release(id)
  local t = self.tasks[id]
  t.held = false
  if t.priority > self.current.priority then return t end
  return self.current
end
function Scheduler:queue(p)
  local t = self.tasks[p.owner]
  self.queued = self.queued + 1
  p.link = nil
  p.owner = self.current.identity
  return t:append(p, self.current)
end
function Scheduler:schedule()
  self.current = self.list
  while self.current do
    if self.current:isHeldOrWaiting() then self.current = self.current.link
    else self.current = self.current:resume() end
  end
end
local function run()
  local s = setmetatable({ tasks = {}, queued = 0, held = 0 }, Scheduler)
  local idle = s:add(Idle, 1, 0)
  idle:running() idle.control = 1 idle.count = 10000
  local work = s:add(Work, 2, 1000, packet(packet(nil, 2, 1), 2, 1))
  work.destination = 3 work.count = 0
  s:add(Handler, 3, 2000, packet(packet(packet(nil, 5, 0), 5, 0), 5, 0))
  s:add(Handler, 4, 3000, packet(packet(packet(nil, 6, 0), 6, 0), 6, 0))
  s:add(Device, 5, 4000)
  s:add(Device, 6, 5000)
  s:schedule()
  return s.queued * 100000 + s.held
end
local r
for i = 1, 100 do r = run() end
print(string.format("%d", r))
