use super::*;
use crate::model::{Gap, RegionScan, Window};
use crate::testing::{Account, ME, at};

const REGION: &str = "us-east-1";

fn parent() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn part() -> (AccountId, RegionName) {
    (ME.into(), REGION.into())
}

fn snapshot() -> Snapshot {
    Snapshot { scanned_at: Some(at("2026-11-01T00:10:00Z")), ..Account::sound(REGION).snapshot() }
}

fn of(account: &str, region: &str) -> Snapshot {
    Snapshot::new(snapshot().window, vec![RegionScan::new(account.into(), region.into())])
}

/// As a folder has it.
fn json(snapshot: &Snapshot) -> Vec<u8> {
    [&*serde_json::to_vec(snapshot).unwrap(), b"\n"].concat()
}

fn gap() -> Gap {
    let (account_id, region) = part();
    Gap {
        account_id: Some(account_id),
        region: Some(region),
        operation: "DescribeVpcs".into(),
        code: "Throttling".into(),
        message: "]}\n".into(),
        iam_action: None,
    }
}

/// The head of a part's file with other content.
fn head_of(json: &[u8]) -> Option<Head> {
    let parent = parent();
    let folder = Folder::create(parent.path()).unwrap();
    folder.write(&snapshot()).unwrap();
    let (account_id, region) = part();
    fs::write(parent.path().join(ME).join("us-east-1.json"), json).unwrap();
    folder.head(&account_id, &region)
}

#[test]
fn a_folder_is_one_or_is_called_one() {
    let parent = parent();
    let path = |name: &str| parent.path().join(name);
    assert!(Folder::is_meant(parent.path()));
    assert!(Folder::is_meant(&path("new/")));
    assert!(!Folder::is_meant(&path("new")));
    assert!(!Folder::is_meant(Path::new("-")));
}

#[test]
fn what_was_written_is_read() {
    let parent = parent();
    let path = parent.path().join("made/of itself/");
    let folder = Folder::create(&path).unwrap();
    let (account_id, region) = part();
    assert_eq!(folder.manifest().unwrap(), None);
    assert_eq!(folder.head(&account_id, &region), None);
    let manifest = Manifest::new(snapshot().window);
    folder.write_manifest(&manifest).unwrap();
    folder.write(&snapshot()).unwrap();
    drop(folder);

    let folder = Folder::open(&path).unwrap();
    assert_eq!(folder.manifest().unwrap(), Some(manifest));
    assert_eq!(folder.read(&account_id, &region).unwrap(), snapshot());
    let head = Head { window: snapshot().window, scanned_at: Some(at("2026-11-01T00:10:00Z")), complete: true };
    assert_eq!(folder.head(&account_id, &region), Some(head));
}

#[test]
fn the_head_is_that_of_the_whole() {
    let mut gaps = snapshot();
    gaps.regions[0].gaps.push(gap());
    let mut outer = snapshot();
    outer.gaps.push(gap());
    let mut named = snapshot();
    named.regions[0].account_name = Some("\"}]}\\".into());
    for (snapshot, complete) in [(gaps, false), (outer, false), (named, true), (of(ME, REGION), true)] {
        let head = Head { window: snapshot.window, scanned_at: snapshot.scanned_at, complete };
        assert_eq!(head_of(&json(&snapshot)), Some(head));
    }
}

#[test]
fn a_torn_file_has_no_head() {
    let json = json(&snapshot());
    assert!(head_of(&json).is_some());
    for length in 0..json.len() {
        assert_eq!(head_of_torn(&json, length), None, "{length} bytes");
    }
    let zeros = [&json[..json.len() / 2], &vec![0; json.len() / 2]].concat();
    assert_eq!(head_of(&zeros), None);
}

/// Faster than a folder for each length.
fn head_of_torn(json: &[u8], length: usize) -> Option<Head> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&json[..length]).unwrap();
    let (account_id, region) = part();
    head::read(file, &account_id, &region)
}

#[test]
fn another_part_has_no_head_and_is_not_read() {
    let (account_id, region) = part();
    let other = [of("999988887777", REGION), of(ME, "eu-west-1")];
    for snapshot in other {
        let parent = parent();
        let folder = Folder::create(parent.path()).unwrap();
        folder.write(&of(ME, REGION)).unwrap();
        fs::write(parent.path().join(ME).join("us-east-1.json"), json(&snapshot)).unwrap();
        assert_eq!(folder.head(&account_id, &region), None);
        assert!(folder.read(&account_id, &region).unwrap_err().to_string().contains("not a snapshot of account"));
    }
    let form = String::from_utf8(json(&snapshot())).unwrap().replace("natwise.snapshot/1", "natwise.snapshot/2");
    assert_eq!(head_of(form.as_bytes()), None);
    for json in ["{\"regions\":[]}\n", "]}\n", "}\n", ""] {
        assert_eq!(head_of(json.as_bytes()), None);
    }
}

#[test]
fn names_lead_nowhere_else() {
    let parent = parent();
    let folder = Folder::create(&parent.path().join("in")).unwrap();
    for name in ["..", ".", "", "../out", "a/b", "a\\b", "/etc", "C:", "a\0b", "A", "é", "us-east-1 "] {
        for (account, region) in [(name, REGION), (ME, name)] {
            assert!(folder.write(&of(account, region)).is_err(), "{name:?}");
            assert!(folder.read(&account.into(), &region.into()).is_err(), "{name:?}");
            assert_eq!(folder.head(&account.into(), &region.into()), None, "{name:?}");
        }
    }
    assert_eq!(entries(parent.path()).unwrap().len(), 1);
    let there: Vec<_> = entries(&parent.path().join("in")).unwrap().iter().map(fs::DirEntry::file_name).collect();
    assert_eq!(there, [LOCK]);
}

#[test]
fn a_folder_takes_one_region_at_a_time() {
    let parent = parent();
    let folder = Folder::create(parent.path()).unwrap();
    let two = Account::sound(REGION).and(ME, "eu-west-1").snapshot();
    assert!(folder.write(&two).unwrap_err().to_string().contains("not of 2"));
    assert!(folder.write(&Snapshot::new(two.window, Vec::new())).is_err());
}

#[test]
fn one_run_at_a_time_writes_and_others_read() {
    let parent = parent();
    let first = Folder::create(parent.path()).unwrap();
    let error = Folder::create(parent.path()).unwrap_err().to_string();
    assert!(error.contains("another run is writing"), "{error}");
    assert!(Folder::open(parent.path()).is_ok());
    drop(first);
    assert!(Folder::create(parent.path()).is_ok());
}

#[test]
fn a_folder_of_other_files_is_left_alone() {
    let parent = parent();
    fs::write(parent.path().join("thesis.doc"), "").unwrap();
    let error = Folder::create(parent.path()).unwrap_err().to_string();
    assert!(error.contains("thesis.doc"), "{error}");
    assert_eq!(entries(parent.path()).unwrap().len(), 1);
    // With a manifest it is a scan's folder, to which somebody added notes.
    fs::write(parent.path().join(MANIFEST), "{}").unwrap();
    assert!(Folder::create(parent.path()).is_ok());
    assert!(Folder::create(&parent.path().join("thesis.doc")).is_err());
    assert!(Folder::open(&parent.path().join("thesis.doc")).is_err());
}

#[test]
fn what_a_killed_run_left_is_removed() {
    let parent = parent();
    let folder = Folder::create(parent.path()).unwrap();
    folder.write_manifest(&Manifest::new(snapshot().window)).unwrap();
    folder.write(&snapshot()).unwrap();
    drop(folder);
    let (half, other) = (parent.path().join(ME).join(".natwise-abc"), parent.path().join("Notes"));
    fs::create_dir(&other).unwrap();
    let kept = other.join(".natwise-abc");
    for path in [&half, &parent.path().join(".natwise-def"), &kept] {
        fs::write(path, "{").unwrap();
    }
    let folder = Folder::create(parent.path()).unwrap();
    assert!(!half.exists() && !parent.path().join(".natwise-def").exists() && kept.exists());
    let (account_id, region) = part();
    assert_eq!(folder.read(&account_id, &region).unwrap(), snapshot());
}

#[test]
fn a_manifest_that_cannot_be_believed_is_an_error() {
    let parent = parent();
    let folder = Folder::create(parent.path()).unwrap();
    let window: Window = snapshot().window;
    let manifest = serde_json::to_string(&Manifest::new(window)).unwrap();
    let newer = manifest.replace(MANIFEST_SCHEMA, "natwise.scan/9");
    for (json, says) in [("", "not a scan's"), ("{}", "not a scan's"), (&*newer, "natwise.scan/9"), ("[", "not a")] {
        fs::write(parent.path().join(MANIFEST), json).unwrap();
        let error = format!("{:#}", folder.manifest().unwrap_err());
        assert!(error.contains(says), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    use std::os::unix::fs::symlink;
    let (inside, outside) = (parent(), parent());
    let folder = Folder::create(inside.path()).unwrap();
    let (account_id, region) = part();

    // An account that is a link to somewhere else.
    symlink(outside.path(), inside.path().join(ME)).unwrap();
    assert!(folder.write(&snapshot()).is_err());
    assert!(folder.read(&account_id, &region).is_err());
    assert_eq!(entries(outside.path()).unwrap().len(), 0);
    fs::remove_file(inside.path().join(ME)).unwrap();

    // A snapshot that is one: it is replaced, and what it leads to stays.
    let secret = outside.path().join("secret");
    fs::write(&secret, serde_json::to_vec(&snapshot()).unwrap()).unwrap();
    fs::create_dir(inside.path().join(ME)).unwrap();
    symlink(&secret, inside.path().join(ME).join("us-east-1.json")).unwrap();
    assert_eq!(folder.head(&account_id, &region), None);
    assert!(folder.read(&account_id, &region).is_err());
    folder.write(&of(ME, REGION)).unwrap();
    assert_eq!(folder.read(&account_id, &region).unwrap(), of(ME, REGION));
    assert_eq!(Snapshot::parse(&fs::read(&secret).unwrap()).unwrap(), snapshot());

    // A manifest and a lock that are links.
    symlink(&secret, inside.path().join(MANIFEST)).unwrap();
    assert!(folder.manifest().is_err());
    drop(folder);
    fs::remove_file(inside.path().join(MANIFEST)).unwrap();
    fs::remove_file(inside.path().join(LOCK)).unwrap();
    fs::remove_dir_all(inside.path().join(ME)).unwrap();
    symlink(outside.path().join("made"), inside.path().join(LOCK)).unwrap();
    assert!(Folder::create(inside.path()).is_err());
    assert!(!outside.path().join("made").exists());
}
