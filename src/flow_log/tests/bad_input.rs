//! What is no flow log, or not a whole one: nothing is invented, nothing is hidden.

use super::*;

const FIVE: &str =
    "version account-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes start end action log-status\n";

/// A line of [`FIVE`]: leg 1 of ten bytes.
fn leg_1() -> String {
    format!("5 111122223333 {NAT} 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5 10 {START} {START} ACCEPT OK\n")
}

#[test]
fn a_folder_has_other_files_too() {
    let logs = Logs::new();
    logs.add("day/a.log", format!("{V2}{}", sent(10, 0)));
    logs.add("day/b.log.gz", gz(format!("{V2}{}", sent(20, 1))));
    logs.add("README.md", "not a log");
    logs.add("day/_SUCCESS", "");
    logs.add(".hidden/c.log", "not a log");
    logs.add("day/.d.log.swp", "not a log");
    let traffic = logs.read();
    assert_eq!((bytes(&traffic), traffic.other_files, traffic.statistics.files), (30, 2, 2));
    assert!(traffic.faults.is_empty(), "{:?}", traffic.faults);
}

#[test]
fn a_file_that_is_named_is_read_whatever_it_is_called() {
    let logs = Logs::new();
    let file = logs.add("flows", format!("{V2}{}", sent(10, 0)));
    assert_eq!(bytes(&read(&[&file])), 10);
}

#[test]
fn a_packed_file_that_is_cut_off_keeps_what_it_had() {
    let mut text = V2.to_owned();
    (0..2_000).for_each(|minute| text.push_str(&sent(minute * 7 % 1_000, minute)));
    let packed = gz(&text);
    for threads in [1, 4] {
        for (kept, had_records) in [(packed.len() / 2, true), (packed.len() - 4, true), (12, false), (2, false)] {
            let logs = Logs::new();
            let file = logs.add("cut.log.gz", &packed[..kept]);
            let traffic = read_with(&[&file], &watch(), |options| options.threads = threads);
            let [(name, problem, partly_read)] = faults(&traffic)[..] else { panic!("{:?}", traffic.faults) };
            assert_eq!((name, partly_read), ("cut.log.gz", had_records), "{kept} bytes with {threads} threads");
            assert!(!problem.is_empty());
            assert_eq!(traffic.statistics.counted > 0, had_records);
            assert_eq!(traffic.statistics.records, fates(&traffic.statistics));
            assert!(traffic.statistics.malformed <= 1);
        }
    }
}

#[test]
fn what_follows_a_packed_file_is_no_reason_to_drop_it() {
    for threads in [1, 2] {
        let logs = Logs::new();
        let mut packed = gz(format!("{V2}{}", sent(10, 0)));
        packed.extend_from_slice(b"garbage");
        logs.add("a.log.gz", packed);
        let traffic = read_with(&[logs.0.path()], &watch(), |options| options.threads = threads);
        assert_eq!(bytes(&traffic), 10);
        assert!(matches!(faults(&traffic)[..], [("a.log.gz", _, true)]), "{:?}", traffic.faults);
    }
}

/// An error that comes when the pieces before it were just full.
#[test]
fn an_error_between_pieces_is_not_taken_for_the_end() {
    let line = sent(1, 0);
    let text = format!("{V2}{}", line.repeat((1 << 20) / line.len()));
    for pieces in [0, 1, 2] {
        let logs = Logs::new();
        let mut packed = gz(&text[..pieces << 18]);
        packed.extend_from_slice(b"garbage");
        if pieces == 0 {
            packed = vec![0x1f, 0x8b, 0xff, 0xff, 0xff];
        }
        let file = logs.add("a.log.gz", packed);
        let traffic = read_with(&[&file], &watch(), |options| options.threads = 2);
        assert!(matches!(faults(&traffic)[..], [("a.log.gz", _, _)]), "{pieces} pieces: {:?}", traffic.faults);
    }
}

#[test]
fn packed_pieces_one_after_the_other_are_one_file() {
    let logs = Logs::new();
    let mut packed = gz(format!("{V2}{}", sent(10, 0)));
    packed.extend(gz(format!("{V2}{}", sent(20, 1))));
    logs.add("a.log.gz", packed);
    let traffic = logs.read();
    assert_eq!((bytes(&traffic), traffic.statistics.records, traffic.faults.len()), (30, 2, 0));
}

#[test]
fn a_packed_file_of_nothing_is_no_packed_file() {
    let logs = Logs::new();
    logs.add("a.log.gz", "");
    logs.add("b.log", "");
    logs.add("c.log.gz", gz(""));
    let traffic = logs.read();
    assert_eq!(faults(&traffic), [("a.log.gz", "it is empty: not even gzip's header is there", false)]);
    assert_eq!((traffic.statistics.files, traffic.statistics.records), (3, 0));
}

#[test]
fn fields_that_are_not_known_are_passed_over() {
    let logs = Logs::new();
    let header = "bytes a-field-of-2031 interface-id srcaddr dstaddr action";
    logs.add("a.log", format!("{header}\n7 whatever/it:is {NAT} 10.0.0.220 203.0.113.5 ACCEPT\n"));
    assert_eq!(bytes(&logs.read()), 7);
}

#[test]
fn a_header_that_lacks_a_field_names_it() {
    let logs = Logs::new();
    logs.add("a.log", format!("version interface-id srcaddr dstaddr action\n2 {NAT} 10.0.0.220 203.0.113.5 ACCEPT\n"));
    let traffic = logs.read();
    assert_eq!(faults(&traffic), [("a.log", "its records have no bytes", false)]);
    assert_eq!(bytes(&traffic), 0);
}

#[test]
fn a_second_header_may_change_the_format() {
    let logs = Logs::new();
    let one = format!("{V2}{}", sent(10, 0));
    logs.add("a.log", format!("{one}{one}{FIVE}{}{one}", leg_1()));
    let traffic = logs.read();
    assert_eq!((bytes(&traffic), traffic.statistics.records, traffic.statistics.counted), (40, 4, 4));
}

#[test]
fn a_second_header_may_be_of_no_use() {
    let logs = Logs::new();
    let other = "2 111122223333 eni-other 10.0.0.7 203.0.113.5 1 443 6 1 9 1 2 ACCEPT OK\n";
    let text = format!("{V2}{}{}version interface-id srcaddr\n{}", sent(10, 0), other.repeat(3), sent(20, 0));
    logs.add("a.log", text);
    let traffic = logs.read();
    assert_eq!(faults(&traffic), [("a.log", "its records have no dstaddr", true)]);
    assert_eq!(bytes(&traffic), 10);
    let statistics = traffic.statistics;
    assert_eq!((statistics.records, statistics.counted, statistics.other_interfaces), (4, 1, 3));
}

/// Files of regional gateways need no interface, and were put together by whoever downloaded them.
#[test]
fn headers_are_told_without_an_interface_field_too() {
    let logs = Logs::new();
    let regional = Gateway { regional: true, interfaces: vec![], addresses: vec![], ..gateway() };
    let watch = Watch::Gateways { known: vec![regional], learn: false };
    let one = "resource-id srcaddr dstaddr bytes\nnat-a 10.0.1.5 203.0.113.5 10\n- 10.0.1.5 203.0.113.5 99\n";
    let two = "srcaddr dstaddr resource-id bytes\n10.0.1.5 203.0.113.5 nat-a 20\n";
    logs.add("a.log", format!("{one}{one}{two}"));
    let traffic = read_with(&[logs.0.path()], &watch, |_| {});
    assert_eq!((bytes(&traffic), traffic.statistics.records, traffic.statistics.other_interfaces), (40, 5, 2));
}

#[test]
fn lines_without_end_are_no_records() {
    let logs = Logs::new();
    let long = vec![b'7'; 10 << 20];
    let mut text = V2.as_bytes().to_vec();
    for part in [sent(10, 0).as_bytes(), &long, b"\n", sent(20, 1).as_bytes(), &long] {
        text.extend_from_slice(part);
    }
    logs.add("a.log", text);
    let traffic = logs.read();
    assert_eq!((bytes(&traffic), traffic.statistics.records, traffic.statistics.malformed), (30, 4, 2));
}

#[test]
fn binary_is_no_flow_log() {
    let logs = Logs::new();
    let noise: Vec<u8> = (0..200_000_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    logs.add("a.log", &noise);
    let mut text = V2.as_bytes().to_vec();
    text.extend_from_slice(&noise);
    text.push(b'\n');
    text.extend_from_slice(sent(10, 0).as_bytes());
    logs.add("b.log", text);
    let traffic = logs.read();
    assert!(matches!(faults(&traffic)[..], [("a.log", problem, false)] if problem.contains("--log-format")));
    assert_eq!((bytes(&traffic), traffic.statistics.counted), (10, 1));
    assert_eq!(traffic.statistics.records, fates(&traffic.statistics));
}

#[test]
fn empty_fields_make_no_record() {
    let logs = Logs::new();
    let whole = sent(10, 0);
    for (number, field) in
        [START.to_string(), "ACCEPT".to_owned(), "OK".to_owned(), "10.0.0.220".to_owned()].iter().enumerate()
    {
        // Still as many spaces as there should be.
        let text = whole.replacen(&format!(" {field}"), " ", 1);
        logs.add(&format!("{number}.log"), format!("{V2}{text}"));
    }
    let traffic = read_with(&[logs.0.path()], &watch(), |options| options.window = Some(hours(5, 6)));
    assert_eq!((traffic.statistics.malformed, traffic.statistics.counted), (4, 0));
    assert_eq!((logs.read().statistics.malformed, bytes(&logs.read())), (4, 0));
}

#[test]
fn a_file_without_a_header_needs_a_format() {
    let five =
        "version account-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes start end action log-status";
    let logs = Logs::new();
    logs.add("a.log", leg_1());
    let traffic = logs.read();
    let problem = "it has no header line, and its format is not known: give it with --log-format";
    assert_eq!((bytes(&traffic), faults(&traffic)), (0, vec![("a.log", problem, false)]));
    let given = read_with(&[logs.0.path()], &watch(), |options| options.log_format = Some(five));
    assert_eq!((bytes(&given), given.faults.len()), (10, 0));
    // The default format tells itself.
    let logs = Logs::new();
    logs.add("a.log", sent(10, 0));
    assert_eq!(bytes(&logs.read()), 10);
}

#[test]
fn a_format_that_is_none_is_refused() {
    let book = AddressBook::default();
    let options = Options { log_format: Some("hello world"), ..options(&book) };
    assert!(attribute(&[] as &[PathBuf], &watch(), &options).unwrap_err().to_string().contains("hello world"));
}

#[test]
fn exports_of_cloudwatch_logs_have_a_time_before_each_record() {
    let logs = Logs::new();
    let time = "2026-10-01T00:00:00.000Z";
    logs.add("eni-0a-all/000000.gz", gz(format!("{time} {}\n{time} {}", sent(10, 0), sent(20, 1))));
    let traffic = logs.read();
    assert_eq!((bytes(&traffic), traffic.statistics.records, traffic.faults.len()), (30, 2, 0));
    assert_eq!(only(&traffic).hours, [(FIRST_HOUR, 30)].into());
}

#[test]
fn the_same_file_is_read_once() {
    let logs = Logs::new();
    let text = format!("{V2}{}", sent(10, 0));
    let file = logs.add(&delivered("fl-1", 1), &text);
    // A copy, and one unpacked.
    logs.add(&format!("copy/{}", delivered("fl-1", 1)), &text);
    logs.add(&format!("packed/{}.gz", delivered("fl-1", 1)), gz(&text));
    std::os::unix::fs::symlink(&file, logs.path("link.log")).unwrap();
    let traffic = read(&[&file, logs.0.path(), &file]);
    assert_eq!((bytes(&traffic), traffic.statistics.files), (10, 1));
    assert_eq!(traffic.faults.len(), 5);
    assert!(traffic.faults.iter().all(|fault| fault.problem.contains("not read again") && !fault.partly_read));
}

#[test]
fn what_cannot_be_opened_is_named() {
    let logs = Logs::new();
    logs.add("a.log", format!("{V2}{}", sent(10, 0)));
    std::os::unix::fs::symlink(logs.path("nowhere"), logs.path("broken.log")).unwrap();
    std::os::unix::fs::symlink(logs.0.path(), logs.path("round")).unwrap();
    let missing = logs.path("missing.log");
    let traffic = read(&[logs.0.path(), &missing]);
    assert_eq!(bytes(&traffic), 10);
    let mut named: Vec<_> = faults(&traffic).into_iter().map(|(name, ..)| name).collect();
    named.sort_unstable();
    assert_eq!(named, ["broken.log", "missing.log", "round"]);
}

#[test]
fn a_gateway_in_no_record_is_listed() {
    let logs = Logs::new();
    logs.add("a.log", format!("{V2}2 111122223333 eni-0b 10.0.0.220 203.0.113.5 1 443 6 1 9 1 2 ACCEPT OK\n"));
    let traffic = logs.read();
    assert_eq!(*only(&traffic), GatewayTraffic::unseen("nat-a", Some("nat-a".into())));
    assert_eq!((traffic.statistics.records, traffic.statistics.other_interfaces), (1, 1));
}

#[test]
fn records_of_nothing_count_nothing() {
    let logs = Logs::new();
    let row = |status: &str| format!("2 111122223333 {NAT} - - - - - - - {START} {START} - {status}\n");
    logs.add("a.log", format!("{V2}{}{}{}", row("NODATA"), row("SKIPDATA"), row("OK")));
    let traffic = logs.read();
    let Statistics { nodata, skipdata, malformed, counted, .. } = traffic.statistics;
    assert_eq!((nodata, skipdata, malformed, counted), (1, 1, 1, 0));
    assert_eq!((only(&traffic).skipdata, bytes(&traffic)), (1, 0));
}

#[test]
fn without_times_nothing_is_in_a_window() {
    let logs = Logs::new();
    logs.add("a.log", format!("interface-id srcaddr dstaddr bytes\n{NAT} 10.0.0.220 203.0.113.5 7\n"));
    let traffic = read_with(&[logs.0.path()], &watch(), |options| options.window = Some(hours(0, 1)));
    let problem = "its records have no start, so that nothing tells which of them are in the window";
    assert_eq!(faults(&traffic), [("a.log", problem, false)]);
    assert_eq!((bytes(&traffic), bytes(&logs.read())), (0, 7));
}

#[test]
fn without_a_status_a_record_without_bytes_has_no_data() {
    let logs = Logs::new();
    logs.add("a.log", format!("interface-id srcaddr dstaddr bytes action\n{NAT} - - - -\n{NAT} - - - ACCEPT\n"));
    let Statistics { nodata, malformed, .. } = logs.read().statistics;
    assert_eq!((nodata, malformed), (2, 0));
}

#[test]
fn a_time_that_is_cut_off_spreads_nothing_over_decades() {
    let logs = Logs::new();
    let whole = START.to_string();
    let record = |start: &str| format!("{NAT} 10.0.0.220 203.0.113.5 10 {whole} {start}\n");
    let text = [whole.as_str(), &whole[..4], "1", ""].map(record).concat();
    logs.add("a.log", format!("interface-id srcaddr dstaddr bytes end start\n{text}"));
    let traffic = logs.read();
    assert_eq!((bytes(&traffic), traffic.statistics.malformed), (10, 3));
    assert_eq!(only(&traffic).hours, [(FIRST_HOUR, 10)].into());
}
