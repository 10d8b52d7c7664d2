//! The register transfer language: one vocabulary for everything that is executed.
//!
//! An RTL sequence is a list of [`Op`]s over the named registers of the machine it is made for.
//! Two producers make it (the marshalling compiler in the image and the bytecode generator), the
//! lowerings turn it into machine code, the listing prints it and the RTL interpreter runs it.
//! All of them are generated from, or checked against, the rows of [`for_each_rtl_op!`].
//!
//! Object-representation operations (`untagInteger`, `boxFloat` …) keep tag bits out of the
//! producers: each takes a label to go to when the operand is not what it must be, or the result
//! does not fit. Slow paths are ordinary RTL, placed behind the body by their producer.
//!
//! | file | owns |
//! | --- | --- |
//! | here | the table of operations |
//! | [`operand`] | what the operands are made of |
//! | [`op`] | the operation as a Rust enum, its visitor, reader and printed form |
//! | [`check`](mod@check) | what a sequence must be before anybody executes it |

pub mod check;
pub mod op;
pub mod operand;

pub use op::{Op, Visitor};
pub use operand::{Condition, Fpr, Gpr, Label, Precision, Width};

/// Calls `$consumer!` with every RTL operation.
///
/// A row reads `"name" = Variant method { operand: Kind, … }` with the operation's doc comment:
/// `name` is the one the image uses, `Variant` the one of [`Op`](crate::rtl::Op), `method` the one
/// of [`Visitor`](crate::rtl::Visitor). Target registers come first. The kinds are:
///
/// | kind | operand | in the image |
/// | --- | --- | --- |
/// | `Gpr` | general register | its Symbol: `#rdi`, or a role: `#scratch` |
/// | `Fpr` | floating-point register | its Symbol: `#xmm0` |
/// | `Imm` | 64-bit constant | Integer |
/// | `Lab` | label of the sequence | Integer from 0 |
/// | `Obj` | object that the code refers to | any object |
/// | `Wid` | width of an integer in memory or a register | `#s8 #u8 #s16 #u16 #s32 #u32 #w64` |
/// | `Pre` | precision of a float in memory | `#f32 #f64 #f80 #v128` |
/// | `Con` | condition | `#eq #ne #lt #le #gt #ge #below #belowEq #above #aboveEq` |
/// | `Ent` | runtime entry | its Symbol: `#integerToI64` |
/// | `Txt` | text for the reader | String |
#[macro_export]
macro_rules! for_each_rtl_op {
    ($consumer:path) => {
        $consumer! {
            // --- moves -------------------------------------------------------------------------
            /// `target := source`.
            "move" = Move move_ { target: Gpr, source: Gpr };
            /// `target := source`, all bits of a float register.
            "moveF" = MoveF move_f { target: Fpr, source: Fpr };
            /// `target := value`.
            "constant" = Constant constant { target: Gpr, value: Imm };
            /// `target :=` the oop of `object`, which the collector never moves.
            "literal" = Literal literal { target: Gpr, object: Obj };
            /// The bits of a general register into a float register.
            "bitsToFloat" = BitsToFloat bits_to_float { target: Fpr, source: Gpr };
            /// The bits of a float register into a general register.
            "bitsFromFloat" = BitsFromFloat bits_from_float { target: Gpr, source: Fpr };
            /// `target :=` the integer at `base + offset` bytes, extended to 64 bits.
            "load" = Load load { target: Gpr, width: Wid, base: Gpr, offset: Imm };
            /// The low bits of `source` into memory at `base + offset` bytes.
            "store" = Store store { width: Wid, base: Gpr, offset: Imm, source: Gpr };
            /// Stores the low bytes of `value` at `base + offset`.
            "storeConstant" = StoreConstant store_constant { width: Wid, base: Gpr, offset: Imm, value: Imm };
            /// `target :=` the float at `base + offset` bytes, in its own precision; `f80` is the
            /// x87 `long double` as the nearest double, `v128` all 16 bytes.
            "loadF" = LoadF load_f { target: Fpr, precision: Pre, base: Gpr, offset: Imm };
            /// The float in `source`, in the given precision, into memory at `base + offset`; `f80`
            /// makes 10 bytes of a double, `v128` stores all 16 bytes.
            "storeF" = StoreF store_f { precision: Pre, base: Gpr, offset: Imm, source: Fpr };
            /// Copies `bytes` bytes from `source + from` to `base + offset`; they do not overlap.
            "copyBytes" = CopyBytes copy_bytes { base: Gpr, offset: Imm, source: Gpr, from: Imm, bytes: Imm };
            /// `target :=` the low bits of `source`, sign- or zero-extended to 64 bits.
            "extend" = Extend extend { target: Gpr, width: Wid, source: Gpr };

            // --- integer arithmetic, modulo 2^64 -------------------------------------------------
            /// `target := left + right`.
            "add" = Add add { target: Gpr, left: Gpr, right: Gpr };
            /// `target := left - right`.
            "subtract" = Subtract subtract { target: Gpr, left: Gpr, right: Gpr };
            /// `target := left * right`.
            "multiply" = Multiply multiply { target: Gpr, left: Gpr, right: Gpr };
            /// `target := left & right`.
            "and" = And and { target: Gpr, left: Gpr, right: Gpr };
            /// `target := left | right`.
            "or" = Or or { target: Gpr, left: Gpr, right: Gpr };
            /// `target := left ^ right`.
            "xor" = Xor xor { target: Gpr, left: Gpr, right: Gpr };
            /// `target := left + value`.
            "addI" = AddI add_i { target: Gpr, left: Gpr, value: Imm };
            /// `target := left & value`.
            "andI" = AndI and_i { target: Gpr, left: Gpr, value: Imm };
            /// `target := left << count`, count 0 to 63.
            "shiftLeftI" = ShiftLeftI shift_left_i { target: Gpr, left: Gpr, count: Imm };
            /// `target := left >> count`, arithmetic, count 0 to 63.
            "shiftRightI" = ShiftRightI shift_right_i { target: Gpr, left: Gpr, count: Imm };
            /// `target := left >> count`, filling with zeros, count 0 to 63.
            "shiftRightUnsignedI" = ShiftRightUnsignedI shift_right_unsigned_i { target: Gpr, left: Gpr, count: Imm };

            // --- floating point ------------------------------------------------------------------
            /// `target := left + right`, doubles.
            "addF" = AddF add_f { target: Fpr, left: Fpr, right: Fpr };
            /// `target := left - right`, doubles.
            "subtractF" = SubtractF subtract_f { target: Fpr, left: Fpr, right: Fpr };
            /// `target := left * right`, doubles.
            "multiplyF" = MultiplyF multiply_f { target: Fpr, left: Fpr, right: Fpr };
            /// `target := left / right`, doubles.
            "divideF" = DivideF divide_f { target: Fpr, left: Fpr, right: Fpr };
            /// A signed 64-bit integer to a double, rounded to nearest.
            "integerToFloat" = IntegerToFloat integer_to_float { target: Fpr, source: Gpr };
            /// A double to a signed 64-bit integer, truncated; any integer for NaN and for doubles
            /// that 64 bits do not hold.
            "floatToInteger" = FloatToInteger float_to_integer { target: Gpr, source: Fpr };
            /// A float (32 bits) to a double.
            "widen" = Widen widen { target: Fpr, source: Fpr };
            /// A double to a float (32 bits), rounded to nearest; the bits above it mean nothing.
            "narrow" = Narrow narrow { target: Fpr, source: Fpr };

            // --- control -------------------------------------------------------------------------
            /// Marks the place that branches to `label` go to.
            "label" = Label label { label: Lab };
            /// Goes to `label`.
            "jump" = Jump jump { label: Lab };
            /// Goes to `label` where `left condition right` holds.
            "branch" = Branch branch { condition: Con, left: Gpr, right: Gpr, label: Lab };
            /// Goes to `label` where `left condition value` holds.
            "branchI" = BranchI branch_i { condition: Con, left: Gpr, value: Imm, label: Lab };
            /// Goes to `label` where `left condition right` holds between doubles; every
            /// condition but `ne` is false where one of them is NaN. No unsigned conditions.
            "branchF" = BranchF branch_f { condition: Con, left: Fpr, right: Fpr, label: Lab };

            // --- objects -------------------------------------------------------------------------
            /// `target :=` the oop of an argument of the method: 1 is the first, 0 the receiver.
            "argument" = Argument argument { target: Gpr, index: Imm };
            /// `target :=` the value of the SmallInteger `source`; other objects go to `other`.
            /// `target` keeps the oop on the way to `other` where both are one register.
            "untagInteger" = UntagInteger untag_integer { target: Gpr, source: Gpr, other: Lab };
            /// `target :=` the SmallInteger of `source`; values past 61 bits go to `overflow`.
            "tagInteger" = TagInteger tag_integer { target: Gpr, source: Gpr, overflow: Lab };
            /// `target :=` the SmallInteger of `source`, which is known to fit 61 bits.
            "tagSmall" = TagSmall tag_small { target: Gpr, source: Gpr };
            /// `target :=` the code point of the Character `source`; other objects go to `other`.
            "untagCharacter" = UntagCharacter untag_character { target: Gpr, source: Gpr, other: Lab };
            /// `target :=` the Character with the code point `source`.
            "tagCharacter" = TagCharacter tag_character { target: Gpr, source: Gpr };
            /// `target :=` the double of the immediate float `source`; others go to `other`.
            "unboxFloat" = UnboxFloat unbox_float { target: Fpr, source: Gpr, other: Lab };
            /// `target :=` the immediate float of a double; doubles that need a box go to `other`.
            "boxFloat" = BoxFloat box_float { target: Gpr, source: Fpr, other: Lab };
            /// `target :=` the class index of any object, immediates included.
            "classIndex" = ClassIndex class_index { target: Gpr, source: Gpr };
            /// Goes to `other` unless `source` has class index `class`.
            "checkClass" = CheckClass check_class { source: Gpr, class: Imm, other: Lab };
            /// Goes to `other` unless `source` is a byte object (String, Symbol, ByteArray …).
            "checkBytes" = CheckBytes check_bytes { source: Gpr, other: Lab };
            /// `target :=` the address of a byte object's NUL-terminated bytes; goes to `other`
            /// where `source` is no byte object or has a NUL among its bytes.
            "cString" = CString c_string { target: Gpr, source: Gpr, other: Lab };
            /// `target :=` the address of the first byte of the byte object `source`, for somebody who may write there.
            "bodyAddress" = BodyAddress body_address { target: Gpr, source: Gpr };
            /// `target :=` the address of the memory of the Alien `source`: C memory, or bytes in the
            /// heap. Goes to `other` where it was freed or belongs to another Alien.
            "alienAddress" = AlienAddress alien_address { target: Gpr, source: Gpr, other: Lab };
            /// As `alienAddress`, for an address that is good up to the next runtime entry or foreign
            /// call: nothing is kept from moving for it.
            "alienData" = AlienData alien_data { target: Gpr, source: Gpr, other: Lab };
            /// `target :=` slot `index` (from 0) of the heap object `source`.
            "slot" = Slot slot { target: Gpr, source: Gpr, index: Imm };
            /// `target :=` a new object with `slots` nils; goes to `other` where eden is full.
            "allocate" = Allocate allocate { target: Gpr, class: Imm, format: Imm, slots: Imm, other: Lab };
            /// `target :=` a new Alien of a struct class with `slots` slots, whose `bytes` bytes are in a ByteArray of its
            /// own, `data`, and not cleared: they are to be stored before anything else happens. Goes to `other`, `data` being
            /// undefined, where eden is full.
            "allocateStruct" = AllocateStruct allocate_struct { target: Gpr, data: Gpr, class: Imm, slots: Imm, bytes: Imm, other: Lab };
            /// Stores an immediate into slot `index` of `holder`; or any object, where `holder` was
            /// allocated right before.
            "storeImmediate" = StoreImmediate store_immediate { holder: Gpr, index: Imm, source: Gpr };
            /// `target :=` the number of elements of the Array `array`, tagged.
            "arraySize" = ArraySize array_size { target: Gpr, array: Gpr, other: Lab };

            // --- calls -----------------------------------------------------------------------------
            /// Makes room for `bytes` of stack arguments of the foreign call and leaves its
            /// address, aligned to 16, in the role register `cstack`. At most once, before the
            /// first store based on `cstack`.
            "reserve" = Reserve reserve { bytes: Imm };
            /// The next foreign call is made by libffi, which is given the description: only for the RTL interpreter.
            "describeCall" = DescribeCall describe_call { description: Obj };
            /// Calls the foreign function that the method is linked to, on the C stack. Argument registers and the
            /// reserved area hold its arguments.
            "callForeign" = CallForeign call_foreign {};
            /// As `callForeign`, to the address in `function`.
            "callRegister" = CallRegister call_register { function: Gpr };
            /// Pops the `long double` that a foreign function left on the x87 stack (psABI 3.2.3,
            /// class X87) into the 10 bytes at `base + offset`.
            "storeX87" = StoreX87 store_x87 { base: Gpr, offset: Imm };
            /// `target :=` what the runtime entry makes of `source`; goes to `failed` where it
            /// fails. Every register but `target` keeps its value.
            "runtime" = Runtime runtime { target: Gpr, entry: Ent, source: Gpr, failed: Lab };
            /// As `runtime`, with an object as a further argument.
            "runtimeWith" = RuntimeWith runtime_with { target: Gpr, entry: Ent, source: Gpr, object: Obj, failed: Lab };
            /// As `runtime`, the result's bits going to a float register.
            "runtimeToFloat" = RuntimeToFloat runtime_to_float { target: Fpr, entry: Ent, source: Gpr, failed: Lab };
            /// As `runtime`, the argument's bits coming from a float register.
            "runtimeFromFloat" = RuntimeFromFloat runtime_from_float { target: Gpr, entry: Ent, source: Fpr, failed: Lab };
            /// Returns `source` from the method, popping receiver and arguments.
            "return" = Return return_ { source: Gpr };
            /// Gives up: records the argument's number and `reason` (a code of `vm::failure`;
            /// 0 keeps what a failed runtime entry recorded), and activates the method's failure code.
            "fail" = Fail fail { argument: Imm, reason: Imm };

            // --- callbacks: only in code that C calls ------------------------------------------------
            /// Builds a callback's frame (`vm::callback::CallbackFrame`), whose address is in the role
            /// register `cstack` from here on, and goes over to the VM stack, with room for the Block and its
            /// arguments. Argument registers stay. `convention` is 0 for System V, 1 for Microsoft x64. Where the
            /// callback is not to be run it goes to `refused`, on the C stack.
            "enterCallback" = EnterCallback enter_callback { convention: Imm, refused: Lab };
            /// `source` is the Block's argument `index`, from 1.
            "storeArgument" = StoreArgument store_argument { index: Imm, source: Gpr };
            /// Evaluates the callback's Block: the answer is in the role register `result`. Goes to `ended` where the Block ends without an answer.
            "evaluateBlock" = EvaluateBlock evaluate_block { ended: Lab };
            /// Notes that an argument of the callback, or its result (0), cannot be converted; `reason` is as for
            /// `fail`.
            "failCallback" = FailCallback fail_callback { argument: Imm, reason: Imm };
            /// Goes back to the C stack and to the run that C was called from; the result's registers stay.
            "resumeCaller" = ResumeCaller resume_caller {};
            /// Pushes the `long double` in the 10 bytes at `base + offset` on the x87 stack, to be
            /// returned.
            "loadX87" = LoadX87 load_x87 { base: Gpr, offset: Imm };
            /// Returns to C; the results' registers hold the result.
            "leaveCallback" = LeaveCallback leave_callback { convention: Imm };

            // --- leaves: only in code that C calls, for a Block that calls nothing itself ------------------
            /// Builds a leaf's frame (`crate::leaf::LeafFrame`) of `words`, with a copy of the argument registers in
            /// use. Goes to `other` where the callback is not to be run, and where methods have changed since
            /// `epoch`.
            "enterLeaf" = EnterLeaf enter_leaf { integers: Imm, floats: Imm, words: Imm, epoch: Imm, other: Lab };
            /// The operations of the Block stand here, which leave its answer in the role register `result`.
            "evaluateLeaf" = EvaluateLeaf evaluate_leaf {};
            /// Returns to C; the results' registers hold the result.
            "leaveLeaf" = LeaveLeaf leave_leaf {};
            /// Goes to the signature's entry, as if C had called that: nothing was changed so far.
            "abandonLeaf" = AbandonLeaf abandon_leaf {};

            // --- activations: only in code made of bytecodes -------------------------------------------
            /// Gives the activation of `method` to the interpreter, the return address being on top.
            "activate" = Activate activate { method: Obj };
            /// The checked entry: looks the send up again unless the receiver has the class index
            /// that the send's cell has.
            "classCheck" = ClassCheck class_check {};
            /// Builds a method's frame with `temporaries` nils; goes to `overflow` where the stack
            /// has no room for `words` or a safe point is due.
            "enterFrame" = EnterFrame enter_frame { method: Obj, temporaries: Imm, words: Imm, overflow: Lab };
            /// Builds a block's frame: the first `copied` temporaries come from the Block.
            "enterBlock" = EnterBlock enter_block { method: Obj, copied: Imm, temporaries: Imm, words: Imm, overflow: Lab };
            /// Leaves the frame and returns `source`, popping receiver and arguments.
            "leaveFrame" = LeaveFrame leave_frame { source: Gpr };
            /// Gives the frame, whose operands are all on the stack, to the interpreter, which goes on
            /// at bytecode `pc`; `speculation` is 1 where the code expected floats and met others.
            "interpret" = Interpret interpret { pc: Imm, speculation: Imm };
            /// Goes to `label` where a safe point is due.
            "branchDue" = BranchDue branch_due { label: Lab };
            /// Sends: receiver and arguments are on the stack, the answer is in `result`.
            "send" = Send send { cell: Imm };
            /// As `send`, where the receiver, which is in `source` too, is most likely a Block: calls its code where it has the
            /// class of the cell `guard`.
            "sendValue" = SendValue send_value { source: Gpr, guard: Imm, cell: Imm };
            /// `target :=` the slot of `source` that the cell names, where `source` has the cell's class; goes to
            /// `other` where it has not. See `crate::cells`.
            "getter" = Getter getter { target: Gpr, source: Gpr, cell: Imm, other: Lab };
            /// Stores `source` into the slot of `holder` that the cell names, where `holder` has the cell's class; goes to `other`
            /// where it has not.
            "setter" = Setter setter { holder: Gpr, source: Gpr, cell: Imm, other: Lab };
            /// `target :=` the object that the cell holds, where `source` has the cell's class; goes to `other` where
            /// it has not.
            "answerOfCell" = AnswerOfCell answer_of_cell { target: Gpr, source: Gpr, cell: Imm, other: Lab };
            /// `target :=` the double whose bits the cell holds.
            "loadCell" = LoadCell load_cell { target: Fpr, cell: Imm };
            /// Stores the two words that the cell holds at `base + offset`.
            "storeCell" = StoreCell store_cell { base: Gpr, offset: Imm, cell: Imm };
            /// Goes to `label` where a class answers `isNil` or `notNil` in a way of its own.
            "branchNilTests" = BranchNilTests branch_nil_tests { label: Lab };
            /// Calls plain primitive `number` without a frame, and returns its answer; goes to
            /// `failed` where it fails.
            "callPrimitive" = CallPrimitive call_primitive { number: Imm, failed: Lab };
            /// Goes to the code of the Block that is the receiver; to `other` where there is none.
            "callBlock" = CallBlock call_block { other: Lab };
            /// Goes to the code of the method that the receiver has for the Symbol that is the first argument, which
            /// leaves the stack; to `other` where the global cache knows none. See `crate::methods`.
            "performSelector" = PerformSelector perform_selector { other: Lab };
            /// Returns a new instance of the class that is the receiver, without indexable elements.
            "newInstance" = NewInstance new_instance { other: Lab };
            /// Returns a new instance of the class that is the receiver, with as many indexable elements
            /// as the argument says.
            "newSized" = NewSized new_sized { other: Lab };
            /// Returns `integerScramble` of the SmallInteger that is the receiver.
            "scrambled" = Scrambled scrambled { other: Lab };
            /// Returns how many bytes the String that is the receiver has.
            "stringSize" = StringSize string_size { other: Lab };
            /// Returns whether the Strings that are receiver and argument have the same bytes.
            "stringsEqual" = StringsEqual strings_equal { other: Lab };
            /// Returns a String of the one byte of the receiver that the argument numbers.
            "byteString" = ByteString byte_string { other: Lab };
            // A foreign call in the place of a send: the operations of the external-call method stand between the first and the
            // last of these, and find the stack as the method's own code would.
            /// Goes to `other` unless `source` has the cell's class. See `crate::cells`.
            "checkCell" = CheckCell check_cell { source: Gpr, cell: Imm, other: Lab };
            /// Stores the address of `back`, where the send returns to that the call stands for, `depth` bytes below the
            /// frame: right below `words` of receiver and arguments, of which `pushed` tells whether the stack pointer is below
            /// some of them already. `holds` is 1 where C gets addresses of objects, `reserves` where `cstack` is the call's
            /// own.
            "enterForeign" = EnterForeign enter_foreign { back: Lab, depth: Imm, words: Imm, pushed: Imm, holds: Imm, reserves: Imm, method: Obj };
            /// Calls the foreign function at an address.
            "callFunction" = CallFunction call_function { function: Imm };
            /// Drops return address, receiver and arguments, and goes to `done` with `source` in `result`. `falls` is 1
            /// where `done` comes next.
            "returnForeign" = ReturnForeign return_foreign { source: Gpr, done: Lab, falls: Imm };
            /// The method's operations go on here, which the `enterForeign` number `call` (from 0) began.
            "resumeForeign" = ResumeForeign resume_foreign { call: Imm };
            /// Behind the method's operations.
            "leaveForeign" = LeaveForeign leave_foreign {};
            /// Pushes a register.
            "push" = Push push { source: Gpr };
            /// Pushes the word at `frame + offset`.
            "pushFrame" = PushFrame push_frame { offset: Imm };
            /// Pushes an object that does not move.
            "pushLiteral" = PushLiteral push_literal { object: Obj };
            /// Pushes nil (0), true (1) or false (2).
            "pushKnown" = PushKnown push_known { which: Imm };
            /// Pops into a register.
            "pop" = Pop pop { target: Gpr };
            /// Drops words from the stack.
            "drop" = Drop drop_ { words: Imm };

            // --- objects: only in code made of bytecodes -------------------------------------------------
            /// `target :=` nil (0), true (1) or false (2).
            "known" = Known known { target: Gpr, which: Imm };
            /// Goes to `label` where `source` is (`eq`) or is not (`ne`) nil, true or false.
            "branchKnown" = BranchKnown branch_known { condition: Con, source: Gpr, which: Imm, label: Lab };
            /// Goes to `other` unless `source` is a SmallInteger.
            "checkInteger" = CheckInteger check_integer { source: Gpr, other: Lab };
            /// Goes to `other` unless both are SmallIntegers.
            "checkIntegers" = CheckIntegers check_integers { left: Gpr, right: Gpr, other: Lab };
            /// `target := left + right`, SmallIntegers; operands are whole on the way to `overflow`.
            "addTagged" = AddTagged add_tagged { target: Gpr, left: Gpr, right: Gpr, overflow: Lab };
            /// `target := left + value`, a SmallInteger and the value of one.
            "addTaggedI" = AddTaggedI add_tagged_i { target: Gpr, left: Gpr, value: Imm, overflow: Lab };
            /// `target := left - right`, SmallIntegers.
            "subtractTagged" = SubtractTagged subtract_tagged { target: Gpr, left: Gpr, right: Gpr, overflow: Lab };
            /// `target := left * right`, SmallIntegers.
            "multiplyTagged" = MultiplyTagged multiply_tagged { target: Gpr, left: Gpr, right: Gpr, overflow: Lab };
            /// `target := left / right`, SmallIntegers, truncated; goes to `other` for 0 and overflow.
            "divideTagged" = DivideTagged divide_tagged { target: Gpr, left: Gpr, right: Gpr, other: Lab };
            /// `target :=` the remainder of `left / right` with the sign of `right`.
            "moduloTagged" = ModuloTagged modulo_tagged { target: Gpr, left: Gpr, right: Gpr, other: Lab };
            /// `target :=` element `index`, a SmallInteger from 1, of the Array `array`; goes to
            /// `other` where it is no Array or has no such element.
            "element" = Element element { target: Gpr, array: Gpr, index: Gpr, other: Lab };
            /// Stores into element `index` of the Array `array`; `barrier` is 0 where the value is known
            /// to be an immediate, nil, true or false.
            "storeElement" = StoreElement store_element { array: Gpr, index: Gpr, source: Gpr, barrier: Imm, other: Lab };
            /// Stores into slot `index` of `holder`, with the write barrier.
            "storeSlot" = StoreSlot store_slot { holder: Gpr, index: Imm, source: Gpr };
            /// `target :=` the square root of a double.
            "squareRoot" = SquareRoot square_root { target: Fpr, source: Fpr };

            // --- for the reader ----------------------------------------------------------------------
            /// Nothing: a remark for the listing.
            "note" = Note note { text: Txt };
        }
    };
}
