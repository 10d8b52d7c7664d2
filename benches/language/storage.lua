local count
local function tree(depth)
  count = count + 1
  local node = { nil, nil, nil, nil }
  if depth > 1 then for i = 1, 4 do node[i] = tree(depth - 1) end end
  return node
end
for i = 1, 100 do count = 0 tree(8) end
print(count)
