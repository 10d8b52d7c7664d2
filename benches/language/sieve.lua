local function primes(limit)
  local isPrime = {}
  for i = 1, limit do isPrime[i] = true end
  local count = 0
  for i = 2, limit do
    if isPrime[i] then
      count = count + 1
      local multiple = i + i
      while multiple <= limit do
        isPrime[multiple] = false
        multiple = multiple + i
      end
    end
  end
  return count
end
local count = 0
for _ = 1, 1500 do count = primes(20000) end
print(count)
