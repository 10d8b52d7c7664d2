"""A scheduler of tasks that pass packets on."""


class Packet:
    def __init__(self, link, owner, kind):
        self.link, self.owner, self.kind, self.datum = link, owner, kind, 1
        self.data = [0] * 4

    def append_to(self, queue):
        self.link = None
        if queue is None: return self
        last = queue
        while last.link is not None: last = last.link
        last.link = self
        return queue


class Task:
    def __init__(self, link, identity, priority, packets, scheduler):
        self.link, self.identity, self.priority, self.packets = link, identity, priority, packets
        self.scheduler = scheduler
        self.pending, self.waiting, self.held = packets is not None, True, False

    def set_running(self): self.pending = self.waiting = self.held = False

    def is_held_or_waiting(self): return self.held or (not self.pending and self.waiting)

    def is_waiting_with_packet(self): return self.pending and self.waiting and not self.held

    def append(self, packet, current):
        if self.packets is None:
            self.packets = packet
            self.pending = True
            if self.priority > current.priority: return self
        else:
            self.packets = packet.append_to(self.packets)
        return current

    def resume(self):
        packet = None
        if self.is_waiting_with_packet():
            packet = self.packets
            self.packets = packet.link
            self.set_running()
            if self.packets is not None: self.pending = True
        return self.process(packet)


class IdleTask(Task):
    def __init__(self, *settings):
        super().__init__(*settings)
        self.control, self.count = 1, 10000
        self.set_running()

    def process(self, packet):
        self.count -= 1
        if self.count == 0: return self.scheduler.hold_self()
        if self.control % 2 == 0:
            self.control //= 2
            return self.scheduler.release(5)
        self.control = 53256 - self.control // 2
        return self.scheduler.release(6)


class WorkTask(Task):
    def __init__(self, *settings):
        super().__init__(*settings)
        self.destination, self.count = 3, 0

    def process(self, packet):
        if packet is None: return self.scheduler.wait_self()
        self.destination = 7 - self.destination
        packet.owner = self.destination
        packet.datum = 1
        for i in range(len(packet.data)):
            self.count += 1
            if self.count > 26: self.count = 1
            packet.data[i] = 64 + self.count
        return self.scheduler.queue(packet)


class HandlerTask(Task):
    def __init__(self, *settings):
        super().__init__(*settings)
        self.work = self.devices = None

    def process(self, packet):
        if packet is not None:
            if packet.kind == 1: self.work = packet.append_to(self.work)
            else: self.devices = packet.append_to(self.devices)
        if self.work is not None:
            item = self.work
            count = item.datum
            if count > 4:
                self.work = item.link
                return self.scheduler.queue(item)
            if self.devices is not None:
                device = self.devices
                self.devices = device.link
                device.datum = item.data[count - 1]
                item.datum = count + 1
                return self.scheduler.queue(device)
        return self.scheduler.wait_self()


class DeviceTask(Task):
    def __init__(self, *settings):
        super().__init__(*settings)
        self.kept = None

    def process(self, packet):
        if packet is None:
            if self.kept is None: return self.scheduler.wait_self()
            item, self.kept = self.kept, None
            return self.scheduler.queue(item)
        self.kept = packet
        return self.scheduler.hold_self()


class Scheduler:
    def __init__(self):
        self.list, self.current, self.tasks = None, None, [None] * 7
        self.queued, self.held = 0, 0

    def add(self, kind, identity, priority, packets):
        self.list = self.tasks[identity] = kind(self.list, identity, priority, packets, self)

    def hold_self(self):
        self.held += 1
        self.current.held = True
        return self.current.link

    def wait_self(self):
        self.current.waiting = True
        return self.current

    def release(self, identity):
        task = self.tasks[identity]
        task.held = False
        return task if task.priority > self.current.priority else self.current

    def queue(self, packet):
        task = self.tasks[packet.owner]
        self.queued += 1
        packet.link = None
        packet.owner = self.current.identity
        return task.append(packet, self.current)

    def schedule(self):
        self.current = self.list
        while self.current is not None:
            current = self.current
            self.current = current.link if current.is_held_or_waiting() else current.resume()

    def run(self):
        self.add(IdleTask, 1, 0, None)
        self.add(WorkTask, 2, 1000, Packet(Packet(None, 2, 1), 2, 1))
        queue = None
        for _ in range(3): queue = Packet(queue, 5, 0)
        self.add(HandlerTask, 3, 2000, queue)
        queue = None
        for _ in range(3): queue = Packet(queue, 6, 0)
        self.add(HandlerTask, 4, 3000, queue)
        self.add(DeviceTask, 5, 4000, None)
        self.add(DeviceTask, 6, 5000, None)
        self.schedule()
        return self.queued * 100000 + self.held


for _ in range(100): result = Scheduler().run()
print(result)
