"""A parser of JSON into objects."""


class JsonValue:
    def is_number(self): return False

    def is_string(self): return False

    def sum(self): return 0


class JsonLiteral(JsonValue):
    def __init__(self, value): self.value = value


class JsonNumber(JsonValue):
    def __init__(self, value): self.value = value

    def is_number(self): return True

    def sum(self): return self.value


class JsonString(JsonValue):
    def __init__(self, string): self.string = string

    def is_string(self): return True

    def sum(self): return len(self.string)


class JsonArray(JsonValue):
    def __init__(self): self.values = []

    def add(self, value): self.values.append(value)

    def sum(self):
        total = 0
        for each in self.values: total += each.sum()
        return total


class JsonPair:
    def __init__(self, name, value): self.name, self.value = name, value


class JsonObject(JsonValue):
    def __init__(self): self.pairs = []

    def __setitem__(self, name, value): self.pairs.append(JsonPair(name, value))

    def __getitem__(self, name):
        for each in self.pairs:
            if each.name == name: return each.value
        return None

    def sum(self):
        total = 0
        for each in self.pairs: total += each.value.sum()
        return total + self["id"].sum()


class JsonParser:
    def __init__(self, text):
        self.text, self.index = text, -1
        self.read()

    def read(self):
        self.index += 1
        self.current = self.text[self.index] if self.index < len(self.text) else None

    def is_space(self): return self.current == " " or self.current == "\n"

    def is_digit(self):
        c = self.current
        return (c == "0" or c == "1" or c == "2" or c == "3" or c == "4" or c == "5" or c == "6" or c == "7"
                or c == "8" or c == "9")

    def skip(self):
        while self.is_space(): self.read()

    def take(self, char):
        if self.current != char: return False
        self.read()
        return True

    def expect(self, char):
        if not self.take(char): raise ValueError(char + " expected")

    def parse_value(self):
        if self.current == "n": return self.word("null", None)
        if self.current == "t": return self.word("true", True)
        if self.current == '"': return JsonString(self.parse_string())
        if self.current == "[": return self.parse_array()
        if self.current == "{": return self.parse_object()
        return self.parse_number()

    def word(self, text, value):
        for char in text: self.expect(char)
        return JsonLiteral(value)

    def parse_string(self):
        self.expect('"')
        start = self.index
        while self.current != '"': self.read()
        string = self.text[start:self.index]
        self.read()
        return string

    def parse_number(self):
        start = self.index
        while self.is_digit(): self.read()
        return JsonNumber(int(self.text[start:self.index]))

    def parse_array(self):
        array = JsonArray()
        self.read()
        self.skip()
        if self.take("]"): return array
        while True:
            self.skip()
            array.add(self.parse_value())
            self.skip()
            if not self.take(","): break
        self.expect("]")
        return array

    def parse_object(self):
        result = JsonObject()
        self.read()
        self.skip()
        if self.take("}"): return result
        while True:
            self.skip()
            name = self.parse_string()
            self.skip()
            self.expect(":")
            self.skip()
            result[name] = self.parse_value()
            self.skip()
            if not self.take(","): break
        self.expect("}")
        return result


text = "["
for i in range(1, 201):
    if i > 1: text += ", "
    text += f'{{"name": "item {i}", "ok": true, "none": null, "id": {i},\n "list": [1, 22, 333, {i * i}]}}'
text += "]"
for _ in range(200): result = JsonParser(text).parse_value().sum()
print(result)
