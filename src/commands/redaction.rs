//! The key of `--redact`: where it is, made when it is not there, and shown nowhere.

use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;

use super::audit::eprint;
use crate::cli::ScanArgs;
use crate::redact::{KEY_BYTES, Redactor};

/// Longer than any key file with its line's end.
const KEY_FILE_LIMIT: u64 = 4096;

/// What makes the pseudonyms, if there are to be any.
pub(super) fn redactor(args: &ScanArgs, quiet: bool) -> anyhow::Result<Option<Arc<Redactor>>> {
    if !args.redact {
        return Ok(None);
    }
    let path = match &args.redact_key {
        Some(path) => path.clone(),
        None => usual_place().context("there is no home folder to keep a key in: give one with --redact-key FILE")?,
    };
    let key = match key_in(&path)? {
        Some(key) => key,
        None => made(&path, quiet)?,
    };
    if !quiet && is_open_to_others(&path) {
        let path = path.display();
        eprint(&format!("natwise: others on this machine can read the key {path}; chmod 600 {path} ends that"));
    }
    Ok(Some(Arc::new(Redactor::new(&key))))
}

/// Where the XDG Base Directory Specification keeps what must outlast a program but belongs to this machine.
fn usual_place() -> Option<PathBuf> {
    let set = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = set.or_else(|| Some(std::env::home_dir()?.join(".local").join("state")))?;
    Some(state.join("natwise").join("redaction.key"))
}

/// The key in a file; none when there is no file.
fn key_in(path: &Path) -> anyhow::Result<Option<[u8; KEY_BYTES]>> {
    let cannot = || format!("cannot read the key {}", path.display());
    let file = match std::fs::File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.with_context(cannot)?,
    };
    let mut bytes = Vec::new();
    file.take(KEY_FILE_LIMIT).read_to_end(&mut bytes).with_context(cannot)?;
    // Nothing of the content is said: it may be a key with a slip of the pen.
    let key = key_of(bytes.trim_ascii())
        .with_context(|| format!("{} holds no key: it must be {} hexadecimal digits", path.display(), 2 * KEY_BYTES))?;
    Ok(Some(key))
}

fn key_of(digits: &[u8]) -> Option<[u8; KEY_BYTES]> {
    let mut key = [0; KEY_BYTES];
    if digits.len() != 2 * KEY_BYTES {
        return None;
    }
    for (byte, pair) in key.iter_mut().zip(digits.chunks(2)) {
        let &[high, low] = pair else { return None };
        let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(high)? << 4 | digit(low)?;
    }
    Some(key)
}

/// A new key, in a file that only its owner can read.
fn made(path: &Path, quiet: bool) -> anyhow::Result<[u8; KEY_BYTES]> {
    let cannot = || format!("cannot write the key {}", path.display());
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(|error| anyhow::anyhow!("this machine has no randomness for a key: {error}"))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).with_context(cannot)?;
    // Complete before it has its name, so that of two runs at once the second reads the first one's key.
    let mut file = tempfile::Builder::new().prefix(".natwise-").tempfile_in(folder).with_context(cannot)?;
    let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    file.write_all(digits.as_bytes()).and_then(|()| file.write_all(b"\n")).with_context(cannot)?;
    match file.persist_noclobber(path) {
        Ok(_) if quiet => Ok(key),
        Ok(_) => {
            let path = path.display();
            eprint(&format!("natwise: made the key {path}; keep it: with the same key come the same pseudonyms"));
            Ok(key)
        }
        Err(failed) if failed.error.kind() == ErrorKind::AlreadyExists => key_in(path)?.with_context(cannot),
        Err(failed) => Err(failed.error).with_context(cannot),
    }
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|there| there.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_64_hexadecimal_digits() {
        let key = key_of(b"00ff0123456789abcdefABCDEF00000000000000000000000000000000000001").unwrap();
        assert_eq!((key[0], key[1], key[9], key[31]), (0x00, 0xff, 0xef, 0x01));
        for bad in ["", "00", &"0".repeat(63), &"0".repeat(65), &"g".repeat(64), &"é".repeat(32), &"+1".repeat(32)] {
            assert_eq!(key_of(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn a_key_is_made_once_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state").join("a.key");
        assert_eq!(key_in(&path).unwrap(), None);
        let key = made(&path, true).unwrap();
        assert_eq!(key_in(&path).unwrap(), Some(key));
        // Somebody else was faster.
        assert_eq!(made(&path, true).unwrap(), key);
        assert!(!is_open_to_others(&path));
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_no_key_is_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        std::fs::write(&path, "0123456789abcdef\n").unwrap();
        let error = format!("{:#}", key_in(&path).unwrap_err());
        assert!(error.contains("64 hexadecimal digits") && !error.contains("0123"), "{error}");
        assert!(key_in(folder.path()).is_err());
    }
}
