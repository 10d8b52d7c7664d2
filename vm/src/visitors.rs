//! Callbacks from threads that are not the VM's.
//!
//! Such a thread queues its call and waits; the VM's thread runs it at its next safe point, by calling the
//! callback with the same registers and stack arguments, and hands the results over. No other thread
//! ever touches an object.
//!
//! While the VM's thread is inside of a foreign function there are no safe points. A thread that has
//! waited for as long as the *patience* allows gives up: C gets a zero result there, and the VM raises a
//! CallbackError at its next safe point. So a function that waits for a thread which waits for the
//! VM is slow and an error, and never a deadlock.
#![expect(
    unsafe_code,
    reason = "is called by machine code with the address of its frame"
)]

use crate::callback::{CallShape, CallbackFrame, ResultRegisters};
use crate::context::VmContext;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a thread waits for the VM where nothing else is asked for.
const PATIENCE_MS: u64 = 2000;

/// A call that waits.
#[derive(Clone, Copy, Debug)]
pub struct Visit {
    /// The frame that the thread's callback has built.
    pub frame: *mut CallbackFrame,
    /// How it calls; stack arguments are counted from behind the return address.
    pub shape: CallShape,
}

// SAFETY: the frame belongs to a thread that waits until the visit has ended, and one thread at a time
// uses it.
unsafe impl Send for Visit {}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Visit>,
    /// Frames whose calls have been made.
    served: Vec<usize>,
    /// Entries of the callbacks whose threads gave up.
    given_up: Vec<u64>,
}

/// The calls that wait for the VM.
pub struct Visitors {
    queue: Mutex<Queue>,
    done: Condvar,
    patience_ms: AtomicU64,
}

impl Default for Visitors {
    fn default() -> Visitors {
        Visitors {
            queue: Mutex::default(),
            done: Condvar::new(),
            patience_ms: AtomicU64::new(PATIENCE_MS),
        }
    }
}

impl Visitors {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        // A panic elsewhere leaves the queue as it was: each step of it is whole.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets how many milliseconds a thread waits; answers how many it did.
    pub fn set_patience(&self, milliseconds: u64) -> u64 {
        self.patience_ms.swap(milliseconds, Ordering::Relaxed)
    }

    /// The next call to make, which its thread cannot give up any more.
    pub fn next(&self) -> Option<Visit> {
        self.queue().waiting.pop_front()
    }

    /// The call was made: the frame has its results.
    pub fn served(&self, visit: Visit) {
        self.queue().served.push(visit.frame as usize);
        self.done.notify_all();
    }

    /// The entry of a callback that was given up since this was last asked.
    pub fn given_up(&self) -> Option<u64> {
        self.queue().given_up.pop()
    }

    /// Waits until the VM has made the call, or patience ends. True where it was made.
    fn wait(&self, visit: Visit, entry: u64, wake: impl Fn()) -> bool {
        let mut queue = self.queue();
        queue.waiting.push_back(visit);
        wake();
        let frame = visit.frame as usize;
        let patience = Duration::from_millis(self.patience_ms.load(Ordering::Relaxed));
        let end = Instant::now() + patience;
        loop {
            if let Some(place) = queue.served.iter().position(|&each| each == frame) {
                queue.served.swap_remove(place);
                return true;
            }
            let left = end.saturating_duration_since(Instant::now());
            let place = queue
                .waiting
                .iter()
                .position(|each| each.frame as usize == frame);
            match place {
                Some(place) if left.is_zero() => {
                    queue.waiting.remove(place);
                    queue.given_up.push(entry);
                    wake();
                    return false;
                }
                // Asked again now and then: the VM may have come to a safe point just before.
                Some(_) => {
                    let slice = left.min(Duration::from_millis(20));
                    let waited = self.done.wait_timeout(queue, slice);
                    queue = waited.unwrap_or_else(PoisonError::into_inner).0;
                    wake();
                }
                // The VM is making the call.
                None => {
                    let waited = self.done.wait(queue);
                    queue = waited.unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }
}

/// See [`crate::callback::CallbackFunctions::from_elsewhere`].
pub(crate) unsafe extern "C" fn from_elsewhere(context: *mut VmContext, frame: *mut CallbackFrame) {
    // SAFETY: machine code passes its context, whose fields used here are set once when the VM is
    // made and shared by threads; the VM outlives the threads that call it, which is the user's to see to.
    let (visitors, limit, interrupt) = unsafe {
        (
            &*(*context).visitors,
            &raw const (*context).stack_limit as usize,
            &*(*context).interrupt,
        )
    };
    // SAFETY: the frame is this thread's own; slots live as long as the process.
    let (general, shape) = unsafe { ((*(*frame).slot).general, (*(*frame).slot).shape) };
    let visit = Visit { frame, shape };
    let wake = || {
        interrupt.fetch_or(crate::vm::VISITED, Ordering::Relaxed);
        crate::context::request_safe_point_at(limit);
    };
    if !visitors.wait(visit, general, wake) {
        // SAFETY: the visit was given up: the frame is this thread's alone again.
        unsafe { answer_zero(&mut *frame, shape) };
    }
}

/// Lets a result be zero.
///
/// # Safety
/// Where the shape says so, the first argument register has the address of memory for the result.
unsafe fn answer_zero(frame: &mut CallbackFrame, shape: CallShape) {
    frame.results = ResultRegisters {
        x87_count: u64::from(shape.x87_count),
        ..ResultRegisters::default()
    };
    if shape.result_bytes > 0 {
        let memory = frame.integer_registers[0];
        // SAFETY: the caller vouches for the memory.
        unsafe { (memory as *mut u8).write_bytes(0, shape.result_bytes as usize) };
        frame.results.general[0] = memory;
    }
}
