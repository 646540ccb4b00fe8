//! Gateways that nobody named: their records do.

use super::*;

const ELEVEN: &str = "version interface-id interface-type resource-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes start end action log-status\n";

fn learning() -> Watch {
    Watch::Gateways { known: vec![], learn: true }
}

#[test]
fn regional_gateways_have_no_interface() {
    let logs = Logs::new();
    let record = |ends: &str| format!("11 - regional_nat_gateway nat-r {ends} {ends} 10 {START} {START} ACCEPT OK\n");
    let legs =
        ["10.0.1.5 203.0.113.5", "107.22.182.139 203.0.113.5", "203.0.113.5 107.22.182.139", "203.0.113.5 10.0.1.5"];
    let text: String = legs.map(record).concat();
    logs.add("a.log", format!("{ELEVEN}{text}"));
    let traffic = read_with(&[logs.0.path()], &learning(), |_| {});
    let gateway = only(&traffic);
    assert_eq!((gateway.nat.as_str(), gateway.nat_gateway_id.as_ref().unwrap().as_str()), ("nat-r", "nat-r"));
    assert_eq!((gateway.total().upload, gateway.total().download, traffic.statistics.other_legs), (10, 10, 2));
}
