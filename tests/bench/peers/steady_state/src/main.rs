//! The FizzBuzz trio on steady_state, its own best practice: an actor per thread, zero-copy slices, channels of 2^20 messages
//! unless told otherwise, batches of half a channel. The arithmetic is either `plain`, number by number with an enum for a
//! message, as its users write it; or `blocks`, that of steadyd's demo (plugins/demo), so that only the frameworks differ.
//! Telemetry is on, as it is in the trio.
//!
//!     steady_state_trio plain|blocks SECONDS [CAPACITY]   prints the numbers per second that reached the end, checked

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use steady_state::*;

const PERIOD: usize = 15; // 3 and 5 repeat together
const BLOCK: usize = 16 * PERIOD; // judged in one go; its data stays in the first cache
const DEFAULT_CAPACITY: usize = 1 << 20;
const WARM_UP: Duration = Duration::from_millis(500);

/// What is done with the numbers. Both give as many verdicts as both slices have, and panic where one is wrong.
trait Arithmetic: 'static {
    type Verdict: Copy + Send + Sync + 'static;
    fn classify(numbers: &[u64], out: &mut [MaybeUninit<Self::Verdict>]) -> usize;
    fn check(verdicts: &[Self::Verdict], first: u64);
}

struct Plain;

#[derive(Clone, Copy, PartialEq)]
enum Said {
    FizzBuzz,
    Fizz,
    Buzz,
    Value(u64),
}

fn say(value: u64) -> Said {
    match value % 15 {
        0 => Said::FizzBuzz,
        3 | 6 | 9 | 12 => Said::Fizz,
        5 | 10 => Said::Buzz,
        _ => Said::Value(value),
    }
}

impl Arithmetic for Plain {
    type Verdict = Said;

    fn classify(numbers: &[u64], out: &mut [MaybeUninit<Said>]) -> usize {
        let count = numbers.len().min(out.len());
        for (&value, slot) in numbers.iter().zip(out) {
            slot.write(say(value));
        }
        count
    }

    fn check(verdicts: &[Said], first: u64) {
        let right = verdicts
            .iter()
            .zip(first..)
            .fold(true, |right, (&said, value)| right & (said == say(value)));
        assert!(right, "verdicts are wrong");
    }
}

struct Blocks;

#[derive(Clone, Copy)]
#[repr(C)]
struct Verdict {
    value: u64,
    kind: u64,
}

/// The kinds of 0, 1, 2, ...: a block that starts at any residue reads on without a wrap.
const PATTERN: [u64; BLOCK + PERIOD] = {
    let mut pattern = [0; BLOCK + PERIOD];
    let mut i = 0;
    while i < pattern.len() {
        pattern[i] = (i % 3 == 0) as u64 + 2 * (i % 5 == 0) as u64;
        i += 1;
    }
    pattern
};

impl Arithmetic for Blocks {
    type Verdict = Verdict;

    fn classify(numbers: &[u64], out: &mut [MaybeUninit<Verdict>]) -> usize {
        let count = numbers.len().min(out.len());
        for (numbers, out) in numbers[..count]
            .chunks(BLOCK)
            .zip(out[..count].chunks_mut(BLOCK))
        {
            let first = numbers[0];
            let pattern = &PATTERN[first as usize % PERIOD..];
            let mut difference = 0;
            for ((i, &value), (slot, &kind)) in
                numbers.iter().enumerate().zip(out.iter_mut().zip(pattern))
            {
                difference |= value ^ (first + i as u64);
                slot.write(Verdict { value, kind });
            }
            assert_eq!(difference, 0, "numbers are out of order");
        }
        count
    }

    fn check(verdicts: &[Verdict], first: u64) {
        for (block, first) in verdicts.chunks(BLOCK).zip((first..).step_by(BLOCK)) {
            let pattern = &PATTERN[first as usize % PERIOD..];
            let mut difference = 0;
            for ((i, verdict), &kind) in block.iter().enumerate().zip(pattern) {
                difference |= (verdict.value ^ (first + i as u64)) | (verdict.kind ^ kind);
            }
            assert_eq!(difference, 0, "verdicts are wrong");
        }
    }
}

/// How many verdicts arrived, written once per batch.
static CHECKED: AtomicU64 = AtomicU64::new(0);

fn count_up(out: &mut [MaybeUninit<u64>], first: u64) {
    for (i, slot) in out.iter_mut().enumerate() {
        slot.write(first + i as u64);
    }
}

async fn generator(actor: SteadyActorShadow, numbers: SteadyTx<u64>) -> Result<(), Box<dyn Error>> {
    let mut actor = actor.into_spotlight([], [&numbers]);
    let mut numbers = numbers.acquire_guard().await;
    let batch = numbers.capacity() / 2;
    let mut next = 0;
    while actor.is_running(|| i!(numbers.mark_closed())) {
        if !await_for_all!(actor.wait_vacant(&mut numbers, batch)) {
            continue;
        }
        let (first, second) = actor.poke_slice(&mut numbers);
        let count = first.len() + second.len();
        count_up(first, next);
        count_up(second, next + first.len() as u64);
        next += actor.advance_send_index(&mut numbers, count).item_count() as u64;
    }
    Ok(())
}

async fn worker<A: Arithmetic>(
    actor: SteadyActorShadow,
    numbers: SteadyRx<u64>,
    verdicts: SteadyTx<A::Verdict>,
) -> Result<(), Box<dyn Error>> {
    let mut actor = actor.into_spotlight([&numbers], [&verdicts]);
    let mut numbers = numbers.acquire_guard().await;
    let mut verdicts = verdicts.acquire_guard().await;
    let batch = numbers.capacity() / 2;
    while actor.is_running(|| i!(numbers.is_closed_and_empty()) && i!(verdicts.mark_closed())) {
        if !await_for_all!(
            actor.wait_avail(&mut numbers, batch),
            actor.wait_vacant(&mut verdicts, batch)
        ) {
            continue;
        }
        let (in_first, in_second) = actor.peek_slice(&mut numbers);
        let (out_first, out_second) = actor.poke_slice(&mut verdicts);
        let straight = A::classify(in_first, out_first);
        let count = if straight < in_first.len() {
            let over = A::classify(&in_first[straight..], out_second);
            straight + over + A::classify(in_second, &mut out_second[over..])
        } else {
            let over = A::classify(in_second, &mut out_first[straight..]);
            straight + over + A::classify(&in_second[over..], out_second)
        };
        actor.advance_send_index(&mut verdicts, count);
        actor.advance_take_index(&mut numbers, count);
    }
    Ok(())
}

async fn logger<A: Arithmetic>(
    actor: SteadyActorShadow,
    verdicts: SteadyRx<A::Verdict>,
) -> Result<(), Box<dyn Error>> {
    let mut actor = actor.into_spotlight([&verdicts], []);
    let mut verdicts = verdicts.acquire_guard().await;
    let batch = verdicts.capacity() / 2;
    let mut checked = 0;
    while actor.is_running(|| i!(verdicts.is_closed_and_empty())) {
        if !await_for_all!(actor.wait_avail(&mut verdicts, batch)) {
            continue;
        }
        let (first, second) = actor.peek_slice(&mut verdicts);
        let count = first.len() + second.len();
        A::check(first, checked);
        A::check(second, checked + first.len() as u64);
        checked += actor.advance_take_index(&mut verdicts, count).item_count() as u64;
        CHECKED.store(checked, Ordering::Relaxed); // a figure: nothing is read because of it
    }
    Ok(())
}

fn build<A: Arithmetic>(graph: &mut Graph, capacity: usize) {
    let channels = graph.channel_builder().with_capacity(capacity);
    let (numbers_tx, numbers_rx) = channels.build();
    let (verdicts_tx, verdicts_rx) = channels.build();
    let actors = graph.actor_builder();
    actors
        .with_name("generator")
        .build(move |actor| generator(actor, numbers_tx.clone()), SoloAct);
    actors.with_name("worker").build(
        move |actor| worker::<A>(actor, numbers_rx.clone(), verdicts_tx.clone()),
        SoloAct,
    );
    actors.with_name("logger").build(
        move |actor| logger::<A>(actor, verdicts_rx.clone()),
        SoloAct,
    );
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let seconds: f64 = arguments
        .get(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0.0);
    let capacity = arguments
        .get(2)
        .map_or(Some(DEFAULT_CAPACITY), |text| text.parse().ok())
        .unwrap_or(0);
    let mut graph = GraphBuilder::default().build(());
    match arguments.first().map(String::as_str) {
        Some("plain") if seconds > 0.0 && capacity > 1 => build::<Plain>(&mut graph, capacity),
        Some("blocks") if seconds > 0.0 && capacity > 1 => build::<Blocks>(&mut graph, capacity),
        _ => {
            eprintln!("usage: steady_state_trio plain|blocks SECONDS [CAPACITY]");
            std::process::exit(2);
        }
    }
    graph.start();

    std::thread::sleep(WARM_UP);
    let (before, begun) = (CHECKED.load(Ordering::Relaxed), Instant::now());
    std::thread::sleep(Duration::from_secs_f64(seconds));
    let (after, took) = (CHECKED.load(Ordering::Relaxed), begun.elapsed());
    println!("{:.0}", (after - before) as f64 / took.as_secs_f64());
    std::process::exit(if after > before { 0 } else { 1 });
}
