//! C types as the generator knows them.

use super::random::Random;
use std::rc::Rc;

/// An integer type.
#[derive(PartialEq, Eq, Debug)]
pub struct Integer {
    /// How C spells it.
    pub name: &'static str,
    /// Width in bits.
    pub bits: u32,
    /// Whether it has a sign.
    pub signed: bool,
    /// Whether Smalltalk may pass a Character for it.
    pub character: bool,
}

macro_rules! integers {
    ($($name:literal $bits:literal $signed:literal $character:literal;)*) => {
        &[$(Integer { name: $name, bits: $bits, signed: $signed, character: $character },)*]
    };
}

/// The integer types of up to 64 bits, on LP64.
pub static INTEGERS: &[Integer] = integers! {
    "char" 8 true true;
    "signed char" 8 true true;
    "unsigned char" 8 false true;
    "short" 16 true false;
    "unsigned short" 16 false false;
    "int" 32 true false;
    "unsigned int" 32 false false;
    "long" 64 true false;
    "unsigned long" 64 false false;
    "long long" 64 true false;
    "unsigned long long" 64 false false;
    "int8_t" 8 true true;
    "uint16_t" 16 false false;
    "int32_t" 32 true false;
    "uint64_t" 64 false false;
    "size_t" 64 false false;
    "ptrdiff_t" 64 true false;
    "wchar_t" 32 true false;
    "enum natural" 32 false false;
    "enum whole" 32 true false;
};

/// The 128-bit integer types.
pub static WIDE_INTEGERS: &[Integer] = integers! {
    "__int128" 128 true false;
    "unsigned __int128" 128 false false;
};

/// What both sides declare before anything else.
pub const COMMON_DECLARATIONS: &str = "enum natural { NATURAL_ZERO, NATURAL_ONE };\n\
                                       enum whole { WHOLE_NEGATIVE = -1, WHOLE_ZERO };\n";

/// A floating type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Float {
    /// `float`.
    Single,
    /// `double`.
    Double,
    /// `long double`.
    Extended,
}

impl Float {
    /// How C spells it.
    pub fn name(self) -> &'static str {
        match self {
            Float::Single => "float",
            Float::Double => "double",
            Float::Extended => "long double",
        }
    }
}

/// A pointer type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pointer {
    /// `const char *`: text.
    Text,
    /// `void *`: an address.
    Void,
    /// `const int *`: an address.
    Int,
    /// `const unsigned char *`: bytes that the callee reads.
    Bytes,
}

impl Pointer {
    const ALL: &[Pointer] = &[Pointer::Text, Pointer::Void, Pointer::Int, Pointer::Bytes];

    fn name(self) -> &'static str {
        match self {
            Pointer::Text => "const char *",
            Pointer::Void => "void *",
            Pointer::Int => "const int *",
            Pointer::Bytes => "const unsigned char *",
        }
    }
}

/// A C type.
#[derive(Clone, PartialEq, Debug)]
pub enum Type {
    /// An integer type or an enum.
    Integer(&'static Integer),
    /// `_Bool`.
    Bool,
    /// A real floating type.
    Float(Float),
    /// A complex type.
    Complex(Float),
    /// A pointer.
    Pointer(Pointer),
    /// A struct or union.
    Aggregate(Rc<Aggregate>),
}

/// A struct or union.
#[derive(PartialEq, Debug)]
pub struct Aggregate {
    /// Its tag.
    pub tag: String,
    /// Whether its members lie over one another.
    pub is_union: bool,
    /// Its GNU attributes as text.
    pub attributes: &'static str,
    /// Its members, called `m0`, `m1` ….
    pub members: Vec<Member>,
}

/// A member of an aggregate.
#[derive(PartialEq, Debug)]
pub struct Member {
    /// Its type, or the type of its elements.
    pub element: Type,
    /// The number of elements of an array.
    pub count: Option<usize>,
    /// The width of a bit-field.
    pub width: Option<u32>,
}

impl Aggregate {
    /// `struct` or `union`.
    pub fn keyword(&self) -> &'static str {
        if self.is_union { "union" } else { "struct" }
    }

    /// Its definition in C.
    pub fn definition(&self) -> String {
        let members: String = self
            .members
            .iter()
            .enumerate()
            .map(|(index, member)| member.declaration(&format!("m{index}")))
            .collect();
        format!(
            "{} {} {{ {members}}} {};\n",
            self.keyword(),
            self.tag,
            self.attributes
        )
    }
}

impl Member {
    fn declaration(&self, name: &str) -> String {
        let mut text = self.element.declare(name);
        if let Some(count) = self.count {
            text.push_str(&format!("[{count}]"));
        }
        if let Some(width) = self.width {
            text.push_str(&format!(" : {width}"));
        }
        text + "; "
    }
}

impl Type {
    /// How C spells it.
    pub fn name(&self) -> String {
        match self {
            Type::Integer(integer) => integer.name.into(),
            Type::Bool => "_Bool".into(),
            Type::Float(float) => float.name().into(),
            Type::Complex(float) => format!("{} _Complex", float.name()),
            Type::Pointer(pointer) => pointer.name().into(),
            Type::Aggregate(aggregate) => format!("{} {}", aggregate.keyword(), aggregate.tag),
        }
    }

    /// A declaration of `name`, which may be empty.
    pub fn declare(&self, name: &str) -> String {
        let mut text = self.name();
        if !name.is_empty() && !text.ends_with('*') {
            text.push(' ');
        }
        text + name
    }
}

/// Which kinds of types a generator uses besides the scalars of up to 64 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Kinds {
    /// `long double`.
    pub extended: bool,
    /// Complex types.
    pub complex: bool,
    /// 128-bit integers.
    pub wide: bool,
    /// Structs and unions by value.
    pub aggregates: bool,
    /// Functions with `__attribute__((ms_abi))`.
    pub microsoft: bool,
}

impl Kinds {
    /// Everything.
    pub const ALL: Kinds = Kinds {
        extended: true,
        complex: true,
        wide: true,
        aggregates: true,
        microsoft: true,
    };
}

/// How often a signature's types are of each class.
#[derive(Clone, Copy, Debug)]
pub struct Weights([usize; 6]);

impl Weights {
    /// Random weights: signatures of one register class exhaust it, mixed ones both.
    pub fn choose(random: &mut Random) -> Weights {
        // Integers, _Bool, floats, pointers, complex and wide numbers, aggregates.
        *random.pick(&[
            Weights([6, 1, 6, 2, 2, 3]),
            Weights([12, 1, 1, 1, 1, 1]),
            Weights([1, 0, 12, 0, 1, 1]),
            Weights([3, 1, 3, 0, 2, 12]),
            Weights([1, 1, 0, 8, 0, 0]),
        ])
    }
}

impl Type {
    /// A random type for an argument, a result or a member.
    pub fn choose(
        random: &mut Random,
        weights: Weights,
        kinds: Kinds,
        aggregates: &[Rc<Aggregate>],
    ) -> Type {
        let Weights(mut weights) = weights;
        if !(kinds.complex || kinds.wide || kinds.extended) {
            weights[4] = 0;
        }
        if aggregates.is_empty() {
            weights[5] = 0;
        }
        match random.weighted(&weights) {
            0 => Type::Integer(random.pick(INTEGERS)),
            1 => Type::Bool,
            2 => Type::Float(*random.pick(&[Float::Single, Float::Double])),
            3 => Type::Pointer(*random.pick(Pointer::ALL)),
            4 => Type::choose_rare(random, kinds),
            _ => Type::Aggregate(Rc::clone(random.pick(aggregates))),
        }
    }

    fn choose_rare(random: &mut Random, kinds: Kinds) -> Type {
        let mut rare = Vec::new();
        if kinds.extended {
            rare.push(Type::Float(Float::Extended));
        }
        if kinds.complex {
            rare.extend([Type::Complex(Float::Single), Type::Complex(Float::Double)]);
        }
        if kinds.complex && kinds.extended {
            rare.push(Type::Complex(Float::Extended));
        }
        if kinds.wide {
            rare.extend(WIDE_INTEGERS.iter().map(Type::Integer));
        }
        random.pick(&rare).clone()
    }
}

/// Random aggregates, later ones with earlier ones as members.
pub fn choose_aggregates(random: &mut Random, kinds: Kinds, count: usize) -> Vec<Rc<Aggregate>> {
    let mut made: Vec<Rc<Aggregate>> = Vec::new();
    for index in 0..count {
        let weights = Weights::choose(random);
        let is_union = random.chance(1, 6);
        let members = (0..random.weighted(&[1, 6, 8, 6, 4, 2, 1]))
            .map(|_| choose_member(random, weights, kinds, &made))
            .collect();
        let attributes = match random.below(8) {
            0 => "__attribute__((packed))",
            1 => "__attribute__((aligned(16)))",
            _ => "",
        };
        let tag = format!("{}{index}", if is_union { "u" } else { "s" });
        made.push(Rc::new(Aggregate {
            tag,
            is_union,
            attributes,
            members,
        }));
    }
    made
}

fn choose_member(
    random: &mut Random,
    weights: Weights,
    kinds: Kinds,
    aggregates: &[Rc<Aggregate>],
) -> Member {
    let mut element = Type::choose(random, weights, kinds, aggregates);
    while matches!(element, Type::Pointer(Pointer::Text | Pointer::Bytes)) {
        // What such a pointer in a struct points to would have to be kept alive.
        element = Type::choose(random, weights, kinds, aggregates);
    }
    let width = match element {
        Type::Integer(integer) if integer.bits <= 64 && random.chance(1, 5) => {
            Some(1 + random.below(integer.bits as usize) as u32)
        }
        Type::Integer(_)
        | Type::Bool
        | Type::Float(_)
        | Type::Complex(_)
        | Type::Pointer(_)
        | Type::Aggregate(_) => None,
    };
    let count = (width.is_none() && random.chance(1, 6)).then(|| 1 + random.below(4));
    Member {
        element,
        count,
        width,
    }
}
