//! The bytecode set, declared once.
//!
//! An instruction is one byte of opcode and its operands, little endian. The machine is a stack
//! machine over the frame of [`crate::frame`]: temporaries and arguments are addressed by number,
//! variables shared with blocks that outlive a scope live in *vectors* (Arrays held by a temporary).

/// Calls `$consumer!` with every bytecode.
///
/// A row reads `variant = Variant { operand: type, … } (pops -> pushes);` with its doc comment.
/// `pops` is `*` where it depends on an operand. Operand types are the Rust integers they are
/// stored as; `i32` operands are jump distances from the end of the instruction.
#[macro_export]
macro_rules! for_each_bytecode {
    ($consumer:path) => {
        $consumer! {
            // --- push ------------------------------------------------------------------------------
            /// Push `self`.
            push_self = PushSelf {} (0 -> 1);
            /// Push nil.
            push_nil = PushNil {} (0 -> 1);
            /// Push true.
            push_true = PushTrue {} (0 -> 1);
            /// Push false.
            push_false = PushFalse {} (0 -> 1);
            /// Push a small SmallInteger.
            push_integer = PushInteger { value: i8 } (0 -> 1);
            /// Push literal `literal` of the method.
            push_literal = PushLiteral { literal: u16 } (0 -> 1);
            /// Push argument `index`, 0-based.
            push_argument = PushArgument { index: u8 } (0 -> 1);
            /// Push temporary `index`.
            push_temporary = PushTemporary { index: u8 } (0 -> 1);
            /// Push slot `index` of `self`.
            push_field = PushField { index: u16 } (0 -> 1);
            /// Push the value of the Global in literal `literal`; unset, send `unknownGlobal:`.
            push_global = PushGlobal { literal: u16 } (0 -> 1);
            /// Push element `slot` of the vector in temporary `index`.
            push_shared = PushShared { index: u8, slot: u8 } (0 -> 1);
            /// Push the block activation's own Block (a method: its home token, never used).
            push_closure_self = PushClosureSelf {} (0 -> 1);

            // --- store: the value stays on the stack ----------------------------------------------
            /// Store into argument `index`.
            store_argument = StoreArgument { index: u8 } (1 -> 1);
            /// Store into temporary `index`.
            store_temporary = StoreTemporary { index: u8 } (1 -> 1);
            /// Store into slot `index` of `self`.
            store_field = StoreField { index: u16 } (1 -> 1);
            /// Store into the Global in literal `literal`.
            store_global = StoreGlobal { literal: u16 } (1 -> 1);
            /// Store into element `slot` of the vector in temporary `index`.
            store_shared = StoreShared { index: u8, slot: u8 } (1 -> 1);

            // --- stack --------------------------------------------------------------------------------
            /// Drop the topmost value.
            pop = Pop {} (1 -> 0);
            /// Push the topmost value again.
            duplicate = Duplicate {} (1 -> 2);

            // --- make ---------------------------------------------------------------------------------
            /// Put a new vector of `size` nils into temporary `index`.
            make_vector = MakeVector { index: u8, size: u8 } (0 -> 0);
            /// Pop `size` values and push an Array of them.
            make_array = MakeArray { size: u16 } (* -> 1);
            /// Pop `copied` values and push a Block of the CompiledBlock in literal `literal`
            /// that holds them, `self` and the home token where the block returns from its home.
            make_block = MakeBlock { literal: u16, copied: u8 } (* -> 1);

            // --- send ---------------------------------------------------------------------------------
            /// Send the selector in literal `selector` with `arguments` arguments.
            send = Send { selector: u16, arguments: u8 } (* -> 1);
            /// The same, looked up above the class that holds the method.
            send_super = SendSuper { selector: u16, arguments: u8 } (* -> 1);
            /// Send one of the [`SpecialSend`] selectors: short, and with a fast path.
            send_special = SendSpecial { selector: u8 } (* -> 1);

            // --- jump ---------------------------------------------------------------------------------
            /// Go forward.
            jump = Jump { distance: i32 } (0 -> 0);
            /// Go back: the end of a loop's body. A safe point, and counted.
            jump_back = JumpBack { distance: i32 } (0 -> 0);
            /// Pop; go where the value is true. Not a Boolean: send it
            /// `mustBeBoolean: selector`, selector being literal `selector`, and look again.
            jump_true = JumpTrue { distance: i32, selector: u16 } (1 -> 0);
            /// Pop; go where the value is false; otherwise as `jump_true`.
            jump_false = JumpFalse { distance: i32, selector: u16 } (1 -> 0);
            /// Pop; go where the value is nil.
            jump_nil = JumpNil { distance: i32 } (1 -> 0);
            /// Pop; go where the value is not nil.
            jump_not_nil = JumpNotNil { distance: i32 } (1 -> 0);

            // --- return -------------------------------------------------------------------------------
            /// Return the topmost value from this activation (method or block).
            return_top = ReturnTop {} (1 -> 0);
            /// Return `self` from a method.
            return_self = ReturnSelf {} (0 -> 0);
            /// `^` within a block: return the topmost value from the home activation.
            return_home = ReturnHome {} (1 -> 0);
        }
    };
}

/// Calls `$consumer!` with the sends that have an instruction of their own:
/// `Variant = "selector", arguments;`.
#[macro_export]
macro_rules! for_each_special_send {
    ($consumer:path) => {
        $consumer! {
            Add = "+", 1;
            Subtract = "-", 1;
            Multiply = "*", 1;
            Divide = "/", 1;
            Modulo = "%", 1;
            Less = "<", 1;
            LessOrEqual = "<=", 1;
            Greater = ">", 1;
            GreaterOrEqual = ">=", 1;
            Equal = "=", 1;
            NotEqual = "<>", 1;
            Identical = "==", 1;
            NotIdentical = "~=", 1;
            BitAnd = "&", 1;
            At = "at:", 1;
            AtPut = "at:put:", 2;
            Size = "size", 0;
            Length = "length", 0;
            Value = "value", 0;
            Value1 = "value:", 1;
            Not = "not", 0;
            IsNil = "isNil", 0;
            NotNil = "notNil", 0;
            Class = "class", 0;
            New = "new", 0;
        }
    };
}
