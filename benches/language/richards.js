// A scheduler of tasks that pass packets on.
class Packet {
  constructor(link, owner, kind) {
    this.link = link; this.owner = owner; this.kind = kind; this.datum = 1;
    this.data = [0, 0, 0, 0];
  }
  appendTo(queue) {
    this.link = null;
    if (queue === null) return this;
    let last = queue;
    while (last.link !== null) last = last.link;
    last.link = this;
    return queue;
  }
}
class Task {
  constructor(link, identity, priority, input, scheduler) {
    this.link = link; this.identity = identity; this.priority = priority; this.input = input;
    this.scheduler = scheduler;
    this.pending = input !== null; this.waiting = true; this.held = false;
  }
  setRunning() { this.pending = false; this.waiting = false; this.held = false; }
  isHeldOrWaiting() { return this.held || (!this.pending && this.waiting); }
  isWaitingWithPacket() { return this.pending && this.waiting && !this.held; }
  append(packet, current) {
    if (this.input === null) {
      this.input = packet;
      this.pending = true;
      if (this.priority > current.priority) return this;
    } else {
      this.input = packet.appendTo(this.input);
    }
    return current;
  }
  resume() {
    let packet = null;
    if (this.isWaitingWithPacket()) {
      packet = this.input;
      this.input = packet.link;
      this.setRunning();
      if (this.input !== null) this.pending = true;
    }
    return this.process(packet);
  }
}
class IdleTask extends Task {
  constructor(...settings) { super(...settings); this.control = 1; this.count = 10000; this.setRunning(); }
  process() {
    this.count--;
    if (this.count === 0) return this.scheduler.holdSelf();
    if (this.control % 2 === 0) {
      this.control = Math.floor(this.control / 2);
      return this.scheduler.release(5);
    }
    this.control = 53256 - Math.floor(this.control / 2);
    return this.scheduler.release(6);
  }
}
class WorkTask extends Task {
  constructor(...settings) { super(...settings); this.destination = 3; this.count = 0; }
  process(packet) {
    if (packet === null) return this.scheduler.waitSelf();
    this.destination = 7 - this.destination;
    packet.owner = this.destination;
    packet.datum = 1;
    for (let i = 0; i < packet.data.length; i++) {
      this.count++;
      if (this.count > 26) this.count = 1;
      packet.data[i] = 64 + this.count;
    }
    return this.scheduler.queue(packet);
  }
}
class HandlerTask extends Task {
  constructor(...settings) { super(...settings); this.work = null; this.devices = null; }
  process(packet) {
    if (packet !== null) {
      if (packet.kind === 1) this.work = packet.appendTo(this.work);
      else this.devices = packet.appendTo(this.devices);
    }
    if (this.work !== null) {
      const item = this.work, count = item.datum;
      if (count > 4) { this.work = item.link; return this.scheduler.queue(item); }
      if (this.devices !== null) {
        const device = this.devices;
        this.devices = device.link;
        device.datum = item.data[count - 1];
        item.datum = count + 1;
        return this.scheduler.queue(device);
      }
    }
    return this.scheduler.waitSelf();
  }
}
class DeviceTask extends Task {
  constructor(...settings) { super(...settings); this.kept = null; }
  process(packet) {
    if (packet === null) {
      if (this.kept === null) return this.scheduler.waitSelf();
      const item = this.kept;
      this.kept = null;
      return this.scheduler.queue(item);
    }
    this.kept = packet;
    return this.scheduler.holdSelf();
  }
}
class Scheduler {
  constructor() {
    this.list = null; this.current = null; this.queued = 0; this.held = 0;
    this.tasks = [null, null, null, null, null, null, null];
  }
  add(kind, identity, priority, input) {
    this.list = new kind(this.list, identity, priority, input, this);
    this.tasks[identity] = this.list;
  }
  holdSelf() { this.held++; this.current.held = true; return this.current.link; }
  waitSelf() { this.current.waiting = true; return this.current; }
  release(identity) {
    const task = this.tasks[identity];
    task.held = false;
    return task.priority > this.current.priority ? task : this.current;
  }
  queue(packet) {
    const task = this.tasks[packet.owner];
    this.queued++;
    packet.link = null;
    packet.owner = this.current.identity;
    return task.append(packet, this.current);
  }
  schedule() {
    this.current = this.list;
    while (this.current !== null) {
      this.current = this.current.isHeldOrWaiting() ? this.current.link : this.current.resume();
    }
  }
  run() {
    this.add(IdleTask, 1, 0, null);
    this.add(WorkTask, 2, 1000, new Packet(new Packet(null, 2, 1), 2, 1));
    let queue = null;
    for (let i = 0; i < 3; i++) queue = new Packet(queue, 5, 0);
    this.add(HandlerTask, 3, 2000, queue);
    queue = null;
    for (let i = 0; i < 3; i++) queue = new Packet(queue, 6, 0);
    this.add(HandlerTask, 4, 3000, queue);
    this.add(DeviceTask, 5, 4000, null);
    this.add(DeviceTask, 6, 5000, null);
    this.schedule();
    return this.queued * 100000 + this.held;
  }
}
let result;
for (let i = 0; i < 100; i++) result = new Scheduler().run();
console.log(result);
