//! Writing CBOR: the few forms that CloudWatch's answers need, straight into the bytes to send.

#[derive(Debug, Default)]
pub struct Cbor {
    pub bytes: Vec<u8>,
}

impl Cbor {
    fn head(&mut self, major: u8, value: usize) {
        let value = u32::try_from(value).unwrap();
        match (value, u8::try_from(value), u16::try_from(value)) {
            (0..24, Ok(small), _) => self.bytes.push((major << 5) + small),
            (_, Ok(byte), _) => self.bytes.extend([(major << 5) + 24, byte]),
            (_, _, Ok(short)) => {
                self.bytes.push((major << 5) + 25);
                self.bytes.extend(short.to_be_bytes());
            }
            _ => {
                self.bytes.push((major << 5) + 26);
                self.bytes.extend(value.to_be_bytes());
            }
        }
    }

    /// Opens a map of so many fields.
    pub fn map(&mut self, fields: usize) -> &mut Self {
        self.head(5, fields);
        self
    }

    /// Opens a list of so many items.
    pub fn list(&mut self, items: usize) -> &mut Self {
        self.head(4, items);
        self
    }

    pub fn text(&mut self, text: &str) -> &mut Self {
        self.head(3, text.len());
        self.bytes.extend(text.as_bytes());
        self
    }

    /// An instant, in whole seconds.
    pub fn time(&mut self, seconds: i64) -> &mut Self {
        self.bytes.push(0xc1);
        self.head(0, usize::try_from(seconds).unwrap());
        self
    }

    pub fn float(&mut self, value: f64) -> &mut Self {
        self.bytes.push(0xfb);
        self.bytes.extend(value.to_be_bytes());
        self
    }
}

#[cfg(test)]
mod tests {
    use ciborium::Value;

    use super::*;

    #[test]
    fn another_reader_reads_it() {
        let mut cbor = Cbor::default();
        cbor.map(2).text("times").list(1).time(1_790_812_800).text(&"n".repeat(300)).float(1.5);
        let read: Value = ciborium::from_reader(&cbor.bytes[..]).unwrap();
        let time = Value::Tag(1, Box::new(1_790_812_800_i64.into()));
        let expected = vec![("times".into(), Value::Array(vec![time])), ("n".repeat(300).into(), Value::Float(1.5))];
        assert_eq!(read, Value::Map(expected));
    }
}
