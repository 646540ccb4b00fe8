//! Texts that are written as differences, written out under a limit: the decoder makes room for as many as a page says,
//! and a text may repeat what is before it at no cost.
//!
//! <https://parquet.apache.org/docs/file-format/data-pages/encodings/>

/// The same values, each behind its length: what `PLAIN` is. `None` if they are none, or more than so many values or
/// bytes.
pub(super) fn written_out(has_prefixes: bool, data: &[u8], values: usize, most: usize, to: &mut Vec<u8>) -> Option<()> {
    let (prefixes, data) = if has_prefixes { numbers(data, values)? } else { (Vec::new(), data) };
    let (lengths, mut data) = numbers(data, values)?;
    if has_prefixes && prefixes.len() != lengths.len() {
        return None;
    }
    let mut before = 0..0;
    for (place, length) in lengths.into_iter().enumerate() {
        let (own, left) = data.split_at_checked(usize::try_from(length).ok()?)?;
        data = left;
        let shared = prefixes.get(place).map_or(Some(0), |shared| usize::try_from(*shared).ok())?;
        let length = shared.checked_add(own.len())?;
        if shared > before.len() || to.len().checked_add(length)? > most {
            return None;
        }
        to.extend(u32::try_from(length).ok()?.to_le_bytes());
        let start = to.len();
        to.extend_from_within(before.start..before.start + shared);
        to.extend_from_slice(own);
        before = start..to.len();
    }
    Some(())
}

/// Numbers by `DELTA_BINARY_PACKED`, and what is behind them.
fn numbers(data: &[u8], most: usize) -> Option<(Vec<i32>, &[u8])> {
    let mut left = data;
    let (in_block, parts) = (size(&mut left)?, size(&mut left)?);
    let (total, first) = (size(&mut left)?, signed(&mut left)?);
    let in_part = in_block.checked_div(parts)?;
    if total > most || in_part == 0 || in_part % 32 != 0 || in_part * parts != in_block {
        return None;
    }
    let mut numbers = Vec::with_capacity(total);
    let mut value = i32::try_from(first).ok()?;
    if total > 0 {
        numbers.push(value);
    }
    while numbers.len() < total {
        let least = signed(&mut left)?;
        let (widths, behind) = left.split_at_checked(parts)?;
        left = behind;
        for width in widths {
            // What is behind the last number may be left out.
            if numbers.len() == total {
                break;
            }
            let width = usize::from(*width);
            let (part, behind) = left.split_at_checked(in_part.checked_mul(width)? / 8)?;
            left = behind;
            for place in 0..in_part.min(total - numbers.len()) {
                let more = least.wrapping_add(bits(part, place * width, width)?.cast_signed());
                value = i32::try_from(i64::from(value).wrapping_add(more)).ok()?;
                numbers.push(value);
            }
        }
    }
    Some((numbers, left))
}

/// So many bits from a place on, the lowest first.
fn bits(data: &[u8], from: usize, width: usize) -> Option<u64> {
    if width > 32 {
        return None;
    }
    let mut word = [0; 8];
    let bytes = data.get(from / 8..(from + width).div_ceil(8))?;
    word.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some((u64::from_le_bytes(word) >> (from % 8)) & ((1 << width) - 1))
}

fn size(data: &mut &[u8]) -> Option<usize> {
    usize::try_from(number(data)?).ok()
}

fn signed(data: &mut &[u8]) -> Option<i64> {
    let number = number(data)?;
    Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}

/// Seven bits a byte, the lowest first.
pub(super) fn number(data: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, left) = data.split_first()?;
        *data = left;
        number |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some(number);
        }
    }
    None
}
