use std::fs;

use super::*;
use crate::model::ScannedAccount;
use crate::testing::{self, Account, ME};

const OTHER: &str = "444455556666";

/// A hub account with a gateway behind a transit gateway, a spoke account, and an account apart, in two Regions.
fn organisation() -> Account {
    let account = Account::plain("us-east-1").traffic("nat-1", 100, 400).attach("tgw-1", "vpc-1", &["subnet-a"], None);
    let account =
        account.and(OTHER, "us-east-1").vpc("vpc-spoke", "10.1.0.0/16").subnet("subnet-s", "a", "10.1.0.0/24");
    let account = account.table("rtb-s", &["subnet-s"]).route("rtb-s", "0.0.0.0/0", "tgw-1");
    let account = account.and(OTHER, "eu-west-1").vpc("vpc-eu", "10.2.0.0/16").subnet("subnet-eu", "a", "10.2.0.0/24");
    let account =
        account.table("rtb-eu", &["subnet-eu"]).nat("nat-eu", "subnet-eu").route("rtb-eu", "0.0.0.0/0", "nat-eu");
    account.traffic("nat-eu", 10, 20).refused("DescribeFlowLogs", "ec2:DescribeFlowLogs")
}

fn parts(snapshot: &Snapshot) -> impl Iterator<Item = Snapshot> {
    snapshot.regions.iter().map(|scan| Snapshot::new(snapshot.window, vec![scan.clone()]))
}

/// A folder with all of an organisation in it.
fn scanned(snapshot: &Snapshot) -> (tempfile::TempDir, Folder, Manifest) {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::create(place.path()).unwrap();
    let mut manifest = Manifest { finished_at: Some(snapshot.window.end()), ..Manifest::new(snapshot.window) };
    for part in parts(snapshot) {
        folder.write(&part).unwrap();
        let scan = &part.regions[0];
        let account = manifest.accounts.entry(scan.account_id.clone()).or_default();
        account.regions.get_or_insert_default().insert(scan.region.clone());
    }
    folder.write_manifest(&manifest).unwrap();
    (place, folder, manifest)
}

fn report(paths: &[&Path]) -> anyhow::Result<Report> {
    let paths: Vec<_> = paths.iter().map(|path| (*path).to_owned()).collect();
    Snapshots::find(&paths, true)?.report(testing::report)
}

fn json(report: &Report) -> String {
    serde_json::to_string(report).unwrap()
}

fn says(result: anyhow::Result<Report>, what: &str) {
    let error = format!("{:#}", result.unwrap_err());
    assert!(error.contains(what), "{error}");
}

#[test]
fn an_audit_group_by_group_is_the_audit_of_the_whole() {
    let snapshot = organisation().snapshot();
    let (place, ..) = scanned(&snapshot);
    let mut found = Snapshots::find(&[place.path().to_owned()], true).unwrap();
    // The spoke and what is behind its transit gateway are one group: 111122223333 in us-east-1 comes first.
    assert_eq!(found.groups().unwrap(), [vec![0, 2], vec![1]]);
    let whole = testing::report(&snapshot);
    assert!(
        whole.findings.iter().any(|finding| finding.account_id.as_str() == OTHER && finding.detail.contains("nat-1"))
    );
    assert_eq!(json(&report(&[place.path()]).unwrap()), json(&whole));
    let together = Snapshots::find(&[place.path().to_owned()], true).unwrap().whole().unwrap();
    assert_eq!(together, Snapshot { gaps: Vec::new(), ..snapshot });
}

#[test]
fn what_a_scan_has_not_reached_is_a_gap() {
    let (place, folder, mut manifest) = scanned(&organisation().snapshot());
    manifest.gaps.push(not_scanned(Some(&"1".into()), None, "organisation"));
    let gaps = vec![not_scanned(Some(&"2".into()), None, "no role")];
    manifest.accounts.insert("222222222222".into(), ScannedAccount { gaps, ..Default::default() });
    manifest.accounts.insert("333333333333".into(), ScannedAccount::default());
    manifest.accounts.get_mut(&AccountId::from(ME)).unwrap().regions.get_or_insert_default().insert("eu-west-1".into());
    folder.write_manifest(&manifest).unwrap();
    let report = report(&[place.path()]).unwrap();
    let gaps: Vec<_> =
        report.gaps.iter().map(|gap| (&*gap.code, &*gap.operation, gap.message.split(':').next().unwrap())).collect();
    let expected = [
        ("NotScanned", "Scan", "organisation"),
        ("NotScanned", "Scan", "there is no snapshot of it yet"),
        ("NotScanned", "Scan", "no role"),
        ("NotScanned", "Scan", "it is not known yet which Regions it has"),
        ("UnauthorizedOperation", "DescribeFlowLogs", ""),
    ];
    assert_eq!(gaps, expected);
    assert!(!report.scope.complete);
    assert_eq!(report.nat_gateways.len(), 2);
}

#[test]
fn a_part_that_cannot_be_used_is_a_gap_and_the_rest_is_whole() {
    let snapshot = organisation().snapshot();
    let (place, folder, manifest) = scanned(&snapshot);
    fs::write(place.path().join(ME).join("us-east-1.json"), "{").unwrap();
    let longer = Account::new("eu-west-1").window("2026-10-01T00:00:00Z", "2026-11-02T00:00:00Z").snapshot();
    let mut scan = longer.regions[0].clone();
    scan.account_id = OTHER.into();
    folder.write(&Snapshot::new(longer.window, vec![scan])).unwrap();
    let report = report(&[place.path()]).unwrap();
    let messages: Vec<_> = report.gaps.iter().map(|gap| &*gap.message).collect();
    assert!(messages[0].contains("cannot be read") && messages[0].contains("truncated"), "{messages:?}");
    assert!(messages[1].contains("of another window"), "{messages:?}");
    assert_eq!((messages.len(), report.window), (2, manifest.window));
    assert_eq!(report.scope.accounts, [AccountId::from(OTHER)]);
}

#[test]
fn what_the_manifest_does_not_list_is_left_out() {
    let snapshot = organisation().snapshot();
    let (place, folder, mut manifest) = scanned(&snapshot);
    manifest.accounts.remove(&AccountId::from(OTHER));
    folder.write_manifest(&manifest).unwrap();
    let report = report(&[place.path()]).unwrap();
    assert_eq!(report.scope.accounts, [AccountId::from(ME)]);
    assert!(report.scope.complete);
}

#[test]
fn a_folder_with_nothing_in_it_yet_is_reported_as_that() {
    let place = tempfile::tempdir().unwrap();
    says(report(&[place.path()]), "there is no snapshot in");
    let folder = Folder::create(place.path()).unwrap();
    let mut manifest = Manifest::new(organisation().snapshot().window);
    manifest.accounts.insert(ME.into(), ScannedAccount::default());
    folder.write_manifest(&manifest).unwrap();
    let report = report(&[place.path()]).unwrap();
    assert_eq!((report.gaps.len(), report.nat_gateways.len()), (2, 0));
    assert!(report.gaps[0].message.starts_with("the scan is not finished"), "{:?}", report.gaps);
    assert_eq!(report.window, manifest.window);
}

#[test]
fn files_and_folders_are_audited_together() {
    let snapshot = organisation().snapshot();
    let expected = json(&testing::report(&snapshot));
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name);
    let [hub, other, spoke] = &*parts(&snapshot).collect::<Vec<_>>() else { panic!("three parts") };
    let write = |path: &Path, snapshot: &Snapshot| fs::write(path, serde_json::to_vec(snapshot).unwrap()).unwrap();
    fs::create_dir_all(path("loose/deeper/too deep")).unwrap();
    write(&path("loose/a.json"), hub);
    write(&path("loose/deeper/b.json"), spoke);
    write(&path("loose/deeper/too deep/c.json"), hub);
    fs::write(path("loose/notes.txt"), "no snapshot").unwrap();
    write(&path("other.json"), other);
    assert_eq!(json(&report(&[&path("loose"), &path("other.json")]).unwrap()), expected);
    assert_eq!(
        json(&report(&[&path("other.json"), &path("loose/a.json"), &path("loose/deeper/b.json")]).unwrap()),
        expected
    );
    says(report(&[&path("loose"), &path("loose/a.json")]), "is in more than one of them");
    let (scan, ..) = scanned(&snapshot);
    says(report(&[scan.path(), &path("other.json")]), "is in more than one of them");
    let longer = Account::new("eu-west-1").window("2026-10-01T00:00:00Z", "2026-11-02T00:00:00Z").snapshot();
    write(&path("longer.json"), &longer);
    says(report(&[&path("other.json"), &path("longer.json")]), "different windows");
    says(report(&[scan.path(), &path("longer.json")]), "different windows");
    fs::write(path("loose/torn.json"), "{").unwrap();
    says(report(&[&path("loose")]), "torn.json: it is truncated");
    says(report(&[&path("none.json")]), "cannot read");
}
