# Ruby with the ffi gem. Arguments: library, rounds, iterations.
require "ffi"
LIBRARY, ROUNDS, ITERATIONS = ARGV[0], ARGV[1].to_i, ARGV[2].to_i
module Calls
  extend FFI::Library
  ffi_lib LIBRARY, FFI::Library::LIBC
  class Vec2 < FFI::Struct; layout :x, :double, :y, :double; end
  class Nine < FFI::Struct; layout :v, [:double, 9]; end
  class Mixed < FFI::Struct; layout :n, :long, :d, :double; end
  callback :unary, [:int], :int
  callback :sum, [:long, :long], :long
  callback :order, [:pointer, :pointer], :int
  attach_function :nop, [], :void
  attach_function :add, [:int, :int], :int
  attach_function :add_longs, [:long, :long], :long
  attach_function :add_doubles, [:double, :double], :double
  attach_function :six_doubles, [:double] * 6, :double
  attach_function :ten_ints, [:int] * 10, :int
  attach_function :strlen, [:string], :size_t
  attach_function :sum_vec2, [:pointer], :double
  attach_function :add_vec2, [Vec2.by_value, Vec2.by_value], Vec2.by_value
  attach_function :same_nine, [Nine.by_value], Nine.by_value
  attach_function :same_mixed, [Mixed.by_value], Mixed.by_value
  attach_function :sum_ints, [:int, :varargs], :int
  attach_function :apply, [:unary, :int], :int
  attach_function :repeat, [:sum, :long], :long
  attach_function :shuffle, [:pointer, :long], :void
  attach_function :qsort, [:pointer, :size_t, :size_t, :order], :void
end
def now = Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond)
def timed
  start = now
  yield
  (now - start).to_f / ITERATIONS
end
def empty
  start, i = now, 0
  i += 1 while i < ITERATIONS
  (now - start).to_f / ITERATIONS
end
VEC, NINE, MIXED = Calls::Vec2.new, Calls::Nine.new, Calls::Mixed.new
IDENTITY = FFI::Function.new(:int, [:int]) { |x| x }
SUM = FFI::Function.new(:long, [:long, :long]) { |a, b| a + b }
ORDER = FFI::Function.new(:int, [:pointer, :pointer]) { |a, b| a.read_int - b.read_int }
NUMBERS = FFI::MemoryPointer.new(:int, ITERATIONS)
CASES = {
  nop: -> { i = 0; (Calls.nop; i += 1) while i < ITERATIONS },
  add: -> { i = 0; (Calls.add(3, 4); i += 1) while i < ITERATIONS },
  add_longs: -> { i = 0; (Calls.add_longs(3, 4); i += 1) while i < ITERATIONS },
  add_doubles: -> { i = 0; (Calls.add_doubles(1.5, 2.25); i += 1) while i < ITERATIONS },
  six_doubles: -> { i = 0; (Calls.six_doubles(1.5, 2.25, 3.5, 4.5, 5.5, 6.5); i += 1) while i < ITERATIONS },
  ten_ints: -> { i = 0; (Calls.ten_ints(1, 2, 3, 4, 5, 6, 7, 8, 9, 10); i += 1) while i < ITERATIONS },
  strlen: -> { i = 0; (Calls.strlen("a Smalltalk String"); i += 1) while i < ITERATIONS },
  pointer: -> { i = 0; (Calls.sum_vec2(VEC); i += 1) while i < ITERATIONS },
  vec2: -> { i = 0; (Calls.add_vec2(VEC, VEC); i += 1) while i < ITERATIONS },
  nine: -> { i = 0; (Calls.same_nine(NINE); i += 1) while i < ITERATIONS },
  mixed: -> { i = 0; (Calls.same_mixed(MIXED); i += 1) while i < ITERATIONS },
  variadic: -> { i = 0; (Calls.sum_ints(3, :int, 1, :int, 2, :int, 3); i += 1) while i < ITERATIONS },
  apply: -> { i = 0; (Calls.apply(IDENTITY, 3); i += 1) while i < ITERATIONS },
}
ROUNDS.times do
  CASES.each { |name, body| puts "#{name} #{timed(&body)} #{empty}" }
  puts "repeat #{timed { Calls.repeat(SUM, ITERATIONS) }} 0"
  Calls.shuffle(NUMBERS, ITERATIONS)
  puts "qsort #{timed { Calls.qsort(NUMBERS, ITERATIONS, 4, ORDER) }} 0"
end
