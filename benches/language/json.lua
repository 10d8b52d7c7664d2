local function class(base)
  local c = {} c.__index = c
  return setmetatable(c, { __index = base })
end
local Value = class()
function Value:sum() return 0 end
local Literal, Number, String, Array, Object = class(Value), class(Value), class(Value), class(Value), class(Value)
function Number:sum() return self.value end
function String:sum() return #self.string end
function Array:sum()
  local s = 0
  for i = 1, #self.values do s = s + self.values[i]:sum() end
  return s
end
function Object:at(name)
  for i = 1, #self.pairs do
    if self.pairs[i].name == name then return self.pairs[i].value end
  end
end
function Object:sum()
  local s = 0
  for i = 1, #self.pairs do s = s + self.pairs[i].value:sum() end
  return s + self:at("id"):sum()
end
local sub = string.sub
local Parser = class()
function Parser:read() self.index = self.index + 1 self.current = sub(self.input, self.index, self.index) end
function Parser:isSpace() return self.current == " " or self.current == "\n" end
function Parser:isDigit()
  local c = self.current
  return c == "0" or c == "1" or c == "2" or c == "3" or c == "4" or c == "5" or c == "6" or c == "7" or c == "8" or c == "9"
end
function Parser:skip() while self:isSpace() do self:read() end end
function Parser:take(char)
  if self.current ~= char then return false end
  self:read()
  return true
end
function Parser:expect(char) if not self:take(char) then error(char .. " expected") end end
function Parser:parseValue()
  local c = self.current
  if c == "n" then return self:word("null", nil) end
  if c == "t" then return self:word("true", true) end
  if c == '"' then return setmetatable({ string = self:parseString() }, String) end
  if c == "[" then return self:parseArray() end
  if c == "{" then return self:parseObject() end
  return self:parseNumber()
end
function Parser:word(text, value)
  for i = 1, #text do self:expect(sub(text, i, i)) end
  return setmetatable({ value = value }, Literal)
end
function Parser:parseString()
  self:expect('"')
  local start = self.index
  while self.current ~= '"' do self:read() end
  local s = sub(self.input, start, self.index - 1)
  self:read()
  return s
end
function Parser:parseNumber()
  local start = self.index
  while self:isDigit() do self:read() end
  return setmetatable({ value = tonumber(sub(self.input, start, self.index - 1)) }, Number)
end
function Parser:parseArray()
  local values = {}
  self:read() self:skip()
  if not self:take("]") then
    repeat
      self:skip()
      values[#values + 1] = self:parseValue()
      self:skip()
    until not self:take(",")
    self:expect("]")
  end
  return setmetatable({ values = values }, Array)
end
function Parser:parseObject()
  local pairs = {}
  self:read() self:skip()
  if not self:take("}") then
    repeat
      self:skip()
      local name = self:parseString()
      self:skip() self:expect(":") self:skip()
      pairs[#pairs + 1] = { name = name, value = self:parseValue() }
      self:skip()
    until not self:take(",")
    self:expect("}")
  end
  return setmetatable({ pairs = pairs }, Object)
end
local text = "["
for i = 1, 200 do
  if i > 1 then text = text .. ", " end
  text = text .. '{"name": "item ' .. i .. '", "ok": true, "none": null, "id": ' .. i .. ',\n "list": [1, 22, 333, ' .. i * i .. "]}"
end
text = text .. "]"
local r
for i = 1, 200 do
  local p = setmetatable({ input = text, index = 0 }, Parser)
  p:read()
  r = p:parseValue():sum()
end
print(r)
