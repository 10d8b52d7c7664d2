-- Linked lists: made, reversed, mapped, filtered, joined and summed up.
local function cell(value, rest) return { value = value, rest = rest } end

local function up_to(n)
  local list
  for i = n, 1, -1 do list = cell(i, list) end
  return list
end

local function reverse(list)
  local made
  while list do
    made = cell(list.value, made)
    list = list.rest
  end
  return made
end

local function double(list)
  return list and cell(list.value * 2, double(list.rest))
end

local function odd(list)
  if not list then return nil end
  if list.value % 3 == 1 then return cell(list.value, odd(list.rest)) end
  return odd(list.rest)
end

local function join(list, other)
  if not list then return other end
  return cell(list.value, join(list.rest, other))
end

local function total(list)
  local sum = 0
  while list do
    sum = sum + list.value
    list = list.rest
  end
  return sum
end

local sum = 0
for _ = 1, 10000 do
  local list = up_to(300)
  sum = sum + total(join(odd(double(list)), reverse(list)))
end
print(sum)
