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

/// A type that operands are stored as, little endian.
trait Operand: Copy {
    /// Bytes it takes.
    const WIDTH: usize;
    /// Reads it at `*at` and moves `*at` behind it; `None` where the code ends before that.
    fn read(code: &[u8], at: &mut usize) -> Option<Self>;
    /// Appends it.
    fn write(self, code: &mut Vec<u8>);
}

macro_rules! operand {
    ($($type:ty)*) => {
        $(impl Operand for $type {
            const WIDTH: usize = size_of::<$type>();

            #[inline(always)]
            fn read(code: &[u8], at: &mut usize) -> Option<Self> {
                let bytes = code.get(*at..)?.first_chunk()?;
                *at += Self::WIDTH;
                Some(<$type>::from_le_bytes(*bytes))
            }

            fn write(self, code: &mut Vec<u8>) {
                code.extend_from_slice(&self.to_le_bytes());
            }
        })*
    };
}

operand!(u8 i8 u16 i32);

/// How many values a row pops: its number, or for `*` what the operands say. A row with `*` that
/// has no arm here does not compile.
macro_rules! pops {
    (* MakeArray $size:ident) => { usize::from($size) };
    (* MakeBlock $literal:ident $copied:ident) => {{ let _ = $literal; usize::from($copied) }};
    (* Send $selector:ident $arguments:ident) => {{
        let _ = $selector;
        usize::from($arguments) + 1
    }};
    (* SendSuper $selector:ident $arguments:ident) => {{
        let _ = $selector;
        usize::from($arguments) + 1
    }};
    (* SendSpecial $selector:ident) => {
        SpecialSend::from_number($selector).map_or(1, SpecialSend::argument_count) + 1
    };
    ($count:literal $variant:ident $($operand:ident)*) => {{ $(let _ = $operand;)* $count }};
}

macro_rules! define_bytecodes {
    ($($(#[$doc:meta])* $method:ident = $variant:ident { $($operand:ident : $type:ty),* }
        ($pops:tt -> $pushes:literal);)*) => {
        /// The first byte of an instruction: the rows of the table, numbered from 0.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        pub enum Opcode { $($(#[$doc])* $variant,)* }

        impl Opcode {
            /// Every opcode, in the order of the numbers.
            pub const ALL: &[Opcode] = &[$(Opcode::$variant,)*];

            /// The opcode with the given number.
            #[inline(always)]
            pub fn from_number(number: u8) -> Option<Opcode> {
                Opcode::ALL.get(usize::from(number)).copied()
            }

            /// Its name in listings.
            pub const fn name(self) -> &'static str {
                match self { $(Opcode::$variant => stringify!($method),)* }
            }

            /// Bytes of the whole instruction, operands included.
            pub const fn width(self) -> usize {
                match self { $(Opcode::$variant => 1 $(+ <$type as Operand>::WIDTH)*,)* }
            }
        }

        /// An instruction: opcode and operands. Jump distances count from the end of the
        /// instruction and are negative for `JumpBack`.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Bytecode {
            $($(#[$doc])* $variant {
                $(#[doc = concat!("The operand `", stringify!($operand), "`.")] $operand: $type,)*
            },)*
        }

        impl Bytecode {
            /// The opcode.
            pub const fn opcode(self) -> Opcode {
                match self { $(Bytecode::$variant { .. } => Opcode::$variant,)* }
            }

            /// The instruction at `pc` and the pc behind it; `None` where there is none.
            #[inline]
            pub fn decode(code: &[u8], pc: usize) -> Option<(Bytecode, usize)> {
                let opcode = Opcode::from_number(*code.get(pc)?)?;
                let mut at = pc + 1;
                let instruction = match opcode {
                    $(Opcode::$variant => Bytecode::$variant {
                        $($operand: <$type>::read(code, &mut at)?,)*
                    },)*
                };
                Some((instruction, at))
            }

            /// Appends the instruction to `code`.
            pub fn encode(self, code: &mut Vec<u8>) {
                code.push(self.opcode() as u8);
                match self {
                    $(Bytecode::$variant { $($operand),* } => { $($operand.write(code);)* })*
                }
            }

            /// How many values it takes off the operand stack.
            pub fn pops(self) -> usize {
                match self {
                    $(Bytecode::$variant { $($operand),* } => pops!($pops $variant $($operand)*),)*
                }
            }

            /// How many values it then puts on the operand stack.
            pub const fn pushes(self) -> usize {
                match self { $(Bytecode::$variant { .. } => $pushes,)* }
            }

            /// Calls `each` with name, width in bytes and value of every operand, in order.
            pub fn for_each_operand(self, mut each: impl FnMut(&'static str, usize, i32)) {
                let _ = &mut each;
                match self {
                    $(Bytecode::$variant { $($operand),* } => {
                        $(each(stringify!($operand), <$type>::WIDTH, i32::from($operand));)*
                    })*
                }
            }

            /// Calls the visitor's method for this row.
            #[inline(always)]
            pub fn visit<V: Visitor + ?Sized>(self, visitor: &mut V) -> V::Output {
                match self {
                    $(Bytecode::$variant { $($operand),* } => visitor.$method($($operand),*),)*
                }
            }
        }

        /// One method for each bytecode: who handles bytecodes implements this, so that a new row
        /// does not compile before everyone has handled it.
        pub trait Visitor {
            /// What every method answers.
            type Output;
            $($(#[$doc])* fn $method(&mut self $(, $operand: $type)*) -> Self::Output;)*
        }
    };
}

for_each_bytecode!(define_bytecodes);

/// The bits of a special send's operand that number it; the others say what was seen there.
pub const SPECIAL_SEND_MASK: u8 = 0x3F;
/// The interpreter took the fast path for floats here.
pub const SEEN_FLOATS: u8 = 0x80;
/// Machine code made for floats met something else here.
pub const SEEN_OTHERS: u8 = 0x40;

macro_rules! define_special_sends {
    ($($variant:ident = $selector:literal, $arguments:literal;)*) => {
        /// A selector that `send_special` knows, numbered from 0 in the order of the table.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        pub enum SpecialSend {
            $(#[doc = concat!("`", $selector, "`")] $variant,)*
        }

        impl SpecialSend {
            /// Every special send, in the order of the numbers.
            pub const ALL: &[SpecialSend] = &[$(SpecialSend::$variant,)*];

            /// The special send with the given number.
            #[inline(always)]
            pub fn from_number(number: u8) -> Option<SpecialSend> {
                SpecialSend::ALL.get(usize::from(number & SPECIAL_SEND_MASK)).copied()
            }

            /// The special send of the given selector.
            pub fn from_selector(selector: &str) -> Option<SpecialSend> {
                match selector { $($selector => Some(SpecialSend::$variant),)* _ => None }
            }

            /// The selector.
            pub const fn selector(self) -> &'static str {
                match self { $(SpecialSend::$variant => $selector,)* }
            }

            /// How many arguments the selector takes.
            pub const fn argument_count(self) -> usize {
                match self { $(SpecialSend::$variant => $arguments,)* }
            }
        }
    };
}

for_each_special_send!(define_special_sends);

/// Where execution goes after an instruction. Distances count from the instruction's end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {
    /// To the next instruction.
    Next,
    /// To the instruction at the distance.
    Goto(i32),
    /// To either.
    Branch(i32),
    /// Out of the activation.
    Leave,
}

impl Bytecode {
    /// Where execution goes afterwards, errors and unwinding aside.
    pub fn flow(self) -> Flow {
        match self.opcode() {
            Opcode::Jump | Opcode::JumpBack => Flow::Goto(self.distance()),
            Opcode::JumpTrue | Opcode::JumpFalse | Opcode::JumpNil | Opcode::JumpNotNil => {
                Flow::Branch(self.distance())
            }
            Opcode::ReturnTop | Opcode::ReturnSelf | Opcode::ReturnHome => Flow::Leave,
            Opcode::PushSelf
            | Opcode::PushNil
            | Opcode::PushTrue
            | Opcode::PushFalse
            | Opcode::PushInteger
            | Opcode::PushLiteral
            | Opcode::PushArgument
            | Opcode::PushTemporary
            | Opcode::PushField
            | Opcode::PushGlobal
            | Opcode::PushShared
            | Opcode::StoreArgument
            | Opcode::StoreTemporary
            | Opcode::StoreField
            | Opcode::StoreGlobal
            | Opcode::StoreShared
            | Opcode::Pop
            | Opcode::Duplicate
            | Opcode::MakeVector
            | Opcode::MakeArray
            | Opcode::MakeBlock
            | Opcode::Send
            | Opcode::SendSuper
            | Opcode::SendSpecial => Flow::Next,
        }
    }

    /// Whether it looks at `self`, or at what only a method's own activation has.
    pub fn uses_receiver(self) -> bool {
        match self.opcode() {
            Opcode::PushSelf
            | Opcode::PushField
            | Opcode::StoreField
            // `unknownGlobal:` is sent to self.
            | Opcode::PushGlobal
            | Opcode::MakeBlock
            | Opcode::SendSuper
            | Opcode::ReturnSelf
            | Opcode::ReturnHome => true,
            Opcode::PushNil
            | Opcode::PushTrue
            | Opcode::PushFalse
            | Opcode::PushInteger
            | Opcode::PushLiteral
            | Opcode::PushArgument
            | Opcode::PushTemporary
            | Opcode::PushShared
            | Opcode::StoreArgument
            | Opcode::StoreTemporary
            | Opcode::StoreGlobal
            | Opcode::StoreShared
            | Opcode::Pop
            | Opcode::Duplicate
            | Opcode::MakeVector
            | Opcode::MakeArray
            | Opcode::Send
            | Opcode::SendSpecial
            | Opcode::Jump
            | Opcode::JumpBack
            | Opcode::JumpTrue
            | Opcode::JumpFalse
            | Opcode::JumpNil
            | Opcode::JumpNotNil
            | Opcode::ReturnTop => false,
        }
    }

    /// The jump distance; 0 where the row has none.
    pub fn distance(self) -> i32 {
        let mut distance = 0;
        self.for_each_operand(|name, _, value| {
            if name == "distance" {
                distance = value;
            }
        });
        distance
    }

    /// Makes the jump at `pc` go to `target`.
    pub fn set_jump_target(code: &mut [u8], pc: usize, target: usize) {
        let Some((instruction, end)) = Bytecode::decode(code, pc) else {
            return;
        };
        let mut at = pc + 1;
        instruction.for_each_operand(|name, width, _| {
            if name == "distance" {
                let distance = (target as i64 - end as i64) as i32;
                code[at..at + width].copy_from_slice(&distance.to_le_bytes());
            }
            at += width;
        });
    }

    /// The literal an operand stands for, by the operand's name and width.
    fn literal_operand(name: &str, width: usize, value: i32) -> Option<u16> {
        let stands_for_literal = matches!(name, "literal" | "selector") && width == 2;
        if stands_for_literal {
            u16::try_from(value).ok()
        } else {
            None
        }
    }

    /// The instruction as text, the jump's target in place of its distance. `end` is the pc
    /// behind it and `literal` prints a literal.
    pub fn describe(self, end: usize, literal: &dyn Fn(u16) -> String) -> String {
        let mut text = self.opcode().name().to_owned();
        let special = self.opcode() == Opcode::SendSpecial;
        self.for_each_operand(|name, width, value| {
            text.push(' ');
            if let Some(number) = Bytecode::literal_operand(name, width, value) {
                text.push_str(&literal(number));
            } else if name == "distance" {
                text.push_str(&(end as i64 + i64::from(value)).to_string());
            } else if special && let Some(row) = SpecialSend::from_number(value as u8) {
                text.push_str(row.selector());
            } else {
                text.push_str(&value.to_string());
            }
        });
        text
    }
}

/// The instructions of `code` with their pcs, until the end or the first that does not decode.
pub fn instructions(code: &[u8]) -> impl Iterator<Item = (usize, Bytecode)> + '_ {
    let mut pc = 0;
    std::iter::from_fn(move || {
        let (instruction, end) = Bytecode::decode(code, pc)?;
        let at = std::mem::replace(&mut pc, end);
        Some((at, instruction))
    })
}

/// A listing of `code`, one instruction a line: pc, name, operands. `literal` prints a literal.
pub fn disassemble(code: &[u8], literal: &dyn Fn(u16) -> String) -> String {
    let mut text = String::new();
    let mut end = 0;
    for (pc, instruction) in instructions(code) {
        end = pc + instruction.opcode().width();
        text.push_str(&format!("{pc:5} {}\n", instruction.describe(end, literal)));
    }
    if end != code.len() {
        text.push_str(&format!(
            "{end:5} (not an instruction: {:#04x})\n",
            code[end]
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_survives_encoding_and_decoding() {
        for &opcode in Opcode::ALL {
            let mut code = vec![opcode as u8];
            code.extend((1..opcode.width()).map(|index| index as u8));
            let (instruction, end) = Bytecode::decode(&code, 0).expect("whole instruction");
            assert_eq!(end, code.len());
            assert_eq!(instruction.opcode(), opcode);
            let mut again = Vec::new();
            instruction.encode(&mut again);
            assert_eq!(again, code);
            for length in 0..code.len() {
                assert_eq!(Bytecode::decode(&code[..length], 0), None);
            }
        }
        assert_eq!(Bytecode::decode(&[Opcode::ALL.len() as u8], 0), None);
    }

    #[test]
    fn special_sends_are_found_by_selector() {
        for &special in SpecialSend::ALL {
            assert_eq!(
                SpecialSend::from_selector(special.selector()),
                Some(special)
            );
            assert_eq!(SpecialSend::from_number(special as u8), Some(special));
            let colons = special.selector().matches(':').count();
            let binary = !special
                .selector()
                .starts_with(|first: char| first.is_alphabetic());
            assert_eq!(special.argument_count(), if binary { 1 } else { colons });
        }
    }

    #[test]
    fn stack_effects_follow_the_operands() {
        assert_eq!(
            Bytecode::Send {
                selector: 0,
                arguments: 3
            }
            .pops(),
            4
        );
        assert_eq!(
            Bytecode::SendSpecial {
                selector: SpecialSend::AtPut as u8
            }
            .pops(),
            3
        );
        assert_eq!(Bytecode::MakeArray { size: 300 }.pops(), 300);
        assert_eq!(Bytecode::Duplicate {}.pushes(), 2);
    }

    #[test]
    fn listings_name_targets_literals_and_selectors() {
        let mut code = Vec::new();
        Bytecode::PushInteger { value: -3 }.encode(&mut code);
        Bytecode::SendSpecial {
            selector: SpecialSend::Less as u8,
        }
        .encode(&mut code);
        Bytecode::JumpFalse {
            distance: -11,
            selector: 7,
        }
        .encode(&mut code);
        let listing = disassemble(&code, &|number| format!("<{number}>"));
        assert_eq!(
            listing,
            "    0 push_integer -3\n    2 send_special <\n    4 jump_false 0 <7>\n"
        );
    }
}
