//! Gateways that nobody named: their records do.

use super::*;

const ELEVEN: &str = "version interface-id interface-type resource-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes start end action log-status\n";

fn learning() -> Watch {
    Watch::Gateways { known: vec![], learn: true }
}

/// What a gateway's own record says of lost ones counts, whether or not it says that it is a gateway's.
#[test]
fn lost_records_are_told_in_any_order() {
    let data =
        format!("11 {NAT} nat_gateway - 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5 10 {START} {START} ACCEPT OK\n");
    let lost = format!("11 {NAT} - - - - - - - {START} {START} - SKIPDATA\n");
    let nothing = lost.replace("SKIPDATA", "NODATA");
    let cut = format!("11 {NAT}\n11 {NAT} \n11 {NAT} nat_gat\n11 {NAT} nat_gat{data}");
    let other = lost.replace(NAT, "eni-0b");
    let orders = [
        format!("{data}{lost}{nothing}{cut}{other}"),
        format!("{other}{cut}{nothing}{lost}{data}"),
        format!("{lost}{data}{other}{nothing}{cut}"),
    ];
    for text in orders {
        let logs = Logs::new();
        logs.add("a.log", format!("{ELEVEN}{text}"));
        let traffic = read_with(&[logs.0.path()], &learning(), |_| {});
        assert_eq!((only(&traffic).nat.as_str(), bytes(&traffic), only(&traffic).skipdata), (NAT, 10, 1));
        let Statistics { records, counted, skipdata, nodata, malformed, other_interfaces, .. } = traffic.statistics;
        assert_eq!((records, counted, skipdata, nodata, malformed, other_interfaces), (8, 1, 1, 1, 4, 1));
    }
}

#[test]
fn regional_gateways_have_no_interface() {
    let logs = Logs::new();
    let record = |ends: &str| format!("11 - regional_nat_gateway nat-r {ends} {ends} 10 {START} {START} ACCEPT OK\n");
    let records =
        ["10.0.1.5 203.0.113.5", "107.22.182.139 203.0.113.5", "203.0.113.5 107.22.182.139", "203.0.113.5 10.0.1.5"];
    let text: String = records.map(record).concat();
    logs.add("a.log", format!("{ELEVEN}{text}"));
    let traffic = read_with(&[logs.0.path()], &learning(), |_| {});
    let gateway = only(&traffic);
    assert_eq!((gateway.nat.as_str(), gateway.nat_gateway_id.as_ref().unwrap().as_str()), ("nat-r", "nat-r"));
    assert_eq!((gateway.total().upload, gateway.total().download, traffic.statistics.other_legs), (10, 10, 2));
}

#[test]
fn a_name_that_is_cut_off_makes_no_gateway() {
    let logs = Logs::new();
    let record = format!("11 - - nat-r 10.0.1.5 203.0.113.5 - - 10 {START} {START} ACCEPT OK\n");
    logs.add("a.log", format!("{ELEVEN}11 - - nat-\n{record}11 - - nat-rr"));
    let traffic = read_with(&[logs.0.path()], &learning(), |_| {});
    assert_eq!((only(&traffic).nat.as_str(), bytes(&traffic), traffic.statistics.malformed), ("nat-r", 10, 2));
}
