//! What everybody in a room hears at a tick.

use base::Moment;

use super::Engine;
use crate::g711::FRAME;
use crate::room::Mix;

/// 20 ms of every room to everybody in it.
pub(super) fn mix_all(engine: &mut Engine, now: Moment) {
    let Engine {
        rooms, ports, outbox, ..
    } = engine;
    for slots in rooms.values() {
        let mut mix = Mix::default();
        for (place, slot) in slots.iter().enumerate() {
            let seat = ports.get_mut(*slot).and_then(|port| port.seat.as_mut());
            if let Some(seat) = seat
                && let Some(frame) = seat.next()
            {
                mix.add(place, seat.part, frame);
            }
        }
        for (place, slot) in slots.iter().enumerate() {
            let Some(port) = ports.get_mut(*slot) else {
                continue;
            };
            // A prompt, or a digit on its way out, comes first.
            if port.is_occupied() {
                continue;
            }
            let codec = port.codec();
            let heard = mix.heard_by(place, port.id);
            let mut frame = [0; FRAME];
            for (byte, sample) in frame.iter_mut().zip(heard) {
                *byte = codec.encode(sample);
            }
            port.send_frame(outbox, now, &frame);
        }
    }
}
