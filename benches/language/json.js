// A parser of JSON into objects.
class JsonValue {
  isNumber() { return false; }
  isString() { return false; }
  sum() { return 0; }
}
class JsonLiteral extends JsonValue {
  constructor(value) { super(); this.value = value; }
}
class JsonNumber extends JsonValue {
  constructor(value) { super(); this.value = value; }
  isNumber() { return true; }
  sum() { return this.value; }
}
class JsonString extends JsonValue {
  constructor(string) { super(); this.string = string; }
  isString() { return true; }
  sum() { return this.string.length; }
}
class JsonArray extends JsonValue {
  constructor() { super(); this.values = []; }
  add(value) { this.values.push(value); }
  sum() {
    let sum = 0;
    for (const each of this.values) sum += each.sum();
    return sum;
  }
}
class JsonPair {
  constructor(name, value) { this.name = name; this.value = value; }
}
class JsonObject extends JsonValue {
  constructor() { super(); this.pairs = []; }
  set(name, value) { this.pairs.push(new JsonPair(name, value)); }
  get(name) {
    const pair = this.pairs.find((each) => each.name === name);
    return pair === undefined ? null : pair.value;
  }
  sum() {
    let sum = 0;
    for (const each of this.pairs) sum += each.value.sum();
    return sum + this.get("id").sum();
  }
}
class JsonParser {
  constructor(input) { this.input = input; this.index = -1; this.read(); }
  read() {
    this.index++;
    this.current = this.index < this.input.length ? this.input[this.index] : null;
  }
  isSpace() { return this.current === " " || this.current === "\n"; }
  isDigit() {
    const c = this.current;
    return c === "0" || c === "1" || c === "2" || c === "3" || c === "4" || c === "5" || c === "6" || c === "7" ||
      c === "8" || c === "9";
  }
  skip() { while (this.isSpace()) this.read(); }
  take(char) {
    if (this.current !== char) return false;
    this.read();
    return true;
  }
  expect(char) { if (!this.take(char)) throw new Error(char + " expected"); }
  parseValue() {
    if (this.current === "n") return this.word("null", null);
    if (this.current === "t") return this.word("true", true);
    if (this.current === '"') return new JsonString(this.parseString());
    if (this.current === "[") return this.parseArray();
    if (this.current === "{") return this.parseObject();
    return this.parseNumber();
  }
  word(text, value) {
    for (const char of text) this.expect(char);
    return new JsonLiteral(value);
  }
  parseString() {
    this.expect('"');
    const start = this.index;
    while (this.current !== '"') this.read();
    const string = this.input.substring(start, this.index);
    this.read();
    return string;
  }
  parseNumber() {
    const start = this.index;
    while (this.isDigit()) this.read();
    return new JsonNumber(parseInt(this.input.substring(start, this.index), 10));
  }
  parseArray() {
    const array = new JsonArray();
    this.read();
    this.skip();
    if (this.take("]")) return array;
    do {
      this.skip();
      array.add(this.parseValue());
      this.skip();
    } while (this.take(","));
    this.expect("]");
    return array;
  }
  parseObject() {
    const object = new JsonObject();
    this.read();
    this.skip();
    if (this.take("}")) return object;
    do {
      this.skip();
      const name = this.parseString();
      this.skip();
      this.expect(":");
      this.skip();
      object.set(name, this.parseValue());
      this.skip();
    } while (this.take(","));
    this.expect("}");
    return object;
  }
}
let text = "[";
for (let i = 1; i <= 200; i++) {
  if (i > 1) text += ", ";
  text += `{"name": "item ${i}", "ok": true, "none": null, "id": ${i},\n "list": [1, 22, 333, ${i * i}]}`;
}
text += "]";
let result;
for (let i = 0; i < 200; i++) result = new JsonParser(text).parseValue().sum();
console.log(result);
