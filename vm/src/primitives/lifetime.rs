//! Primitives of how long objects live and where: collections, pinning, finalization.

use super::Arguments;
use crate::failure::Failure;
use crate::known::ephemeron;
use crate::vm::Vm;
use gc::layout::Format;
use gc::{CollectionKind, Oop};

fn collect_soon(vm: &mut Vm, kind: CollectionKind) -> Result<Oop, Failure> {
    vm.heap_mut().request_collection(kind);
    vm.context.request_safe_point();
    Ok(vm.boolean(true))
}

/// Makes a full collection due at the next safe point.
pub(super) fn collect_garbage(vm: &mut Vm, _: Arguments) -> Result<Oop, Failure> {
    collect_soon(vm, CollectionKind::Full)
}

/// Makes a scavenge due at the next safe point.
pub(super) fn collect_young(vm: &mut Vm, _: Arguments) -> Result<Oop, Failure> {
    collect_soon(vm, CollectionKind::Scavenge)
}

/// Name, number, name, number and so on of what the object memory counts.
pub(super) fn memory_statistics(vm: &mut Vm, _: Arguments) -> Result<Oop, Failure> {
    let stats = vm.heap().stats();
    let max_heap = vm.heap().options().max_heap_bytes as u64;
    let rows = [
        ("scavenges", stats.scavenges),
        ("tenuredNurseries", stats.tenured_segments),
        ("markSteps", stats.mark_steps),
        ("fullCollections", stats.full_collections),
        ("pauses", stats.pauses.count()),
        ("pauseNanoseconds", stats.pauses.total_ns()),
        ("longestPauseNanoseconds", stats.pauses.max_ns()),
        ("pauseNanoseconds99Percent", stats.pauses.p99_ns()),
        ("bytesAllocatedYoung", stats.bytes_allocated_young),
        ("bytesAllocatedOld", stats.bytes_allocated_old),
        ("bytesSurvived", stats.bytes_survived),
        ("bytesPromoted", stats.bytes_promoted),
        ("bytesTenured", stats.bytes_tenured),
        ("oldBytes", stats.old_bytes),
        ("largeBytes", stats.large_bytes),
        ("liveBytes", stats.live_bytes),
        ("mappedBytes", stats.mapped_bytes),
        ("maxHeapBytes", max_heap),
        ("pinnedObjects", stats.pinned),
        ("finalizedObjects", stats.finalized),
        ("weakReferencesCleared", stats.weak_cleared),
    ];
    let mut elements = Vec::new();
    for (name, value) in rows {
        elements.push(vm.symbol(name)?);
        elements.push(vm.u64_object(value)?);
    }
    Ok(vm.array(&elements)?)
}

// --- pinning ---

/// Keeps the receiver where it is. What fits a word is nowhere, and so does not move.
pub(super) fn pin(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let object = arguments.receiver();
    if object.is_pointer() {
        vm.heap_mut().pin(object);
    }
    Ok(object)
}

/// Lets the receiver move again.
pub(super) fn unpin(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let object = arguments.receiver();
    if object.is_pointer() {
        vm.heap_mut().unpin(object);
    }
    Ok(object)
}

/// True where the receiver is kept where it is.
pub(super) fn is_pinned(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let object = arguments.receiver();
    Ok(vm.boolean(object.is_pointer() && vm.heap().is_pinned(object)))
}

// --- finalization ---

/// The receiver, where the collector treats it as an ephemeron.
fn watching(vm: &Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let object = arguments.receiver();
    if object.is_pointer() && vm.heap().format_of(object) == Format::EPHEMERON {
        Ok(object)
    } else {
        Err(Failure::WrongType)
    }
}

/// Has the receiver, an ephemeron whose key is an object of the heap, queued when that is dead.
pub(super) fn register_finalizer(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let object = watching(vm, arguments)?;
    if vm.heap().slot_count(object) < ephemeron::COUNT
        || !vm.heap().slot(object, ephemeron::KEY).is_pointer()
    {
        return Err(Failure::WrongType);
    }
    vm.heap_mut().register_finalizer(object);
    Ok(object)
}

/// Takes that back: true where it was not too late.
pub(super) fn cancel_finalizer(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let object = arguments.receiver();
    if !object.is_pointer() {
        return Err(Failure::WrongType);
    }
    let was_registered = vm.heap_mut().cancel_finalizer(object);
    Ok(vm.boolean(was_registered))
}

/// The next ephemeron with a dead key, or nil.
pub(super) fn next_finalizer(vm: &mut Vm, _: Arguments) -> Result<Oop, Failure> {
    let nil = vm.nil();
    Ok(vm.heap_mut().take_finalizable().unwrap_or(nil))
}

/// Says that finalizers run now, and puts aside what they must not change: false where some are
/// running already.
pub(super) fn begin_finalization(vm: &mut Vm, _: Arguments) -> Result<Oop, Failure> {
    if vm.finalization.is_some() {
        return Ok(vm.boolean(false));
    }
    vm.finalization = Some(vm.put_aside());
    Ok(vm.boolean(true))
}

/// Says that no finalizers run any more.
pub(super) fn end_finalization(vm: &mut Vm, _: Arguments) -> Result<Oop, Failure> {
    let Some(kept) = vm.finalization.take() else {
        return Err(Failure::NotFound);
    };
    vm.take_back(kept);
    Ok(vm.nil())
}
