use super::*;
use crate::athena::{Column, Metadata, guide};

fn window() -> Window {
    Window::new("2026-10-01T00:00:00Z".parse().unwrap(), "2026-11-01T00:00:00Z".parse().unwrap()).unwrap()
}

fn gateway(interface: &str) -> Gateway {
    Gateway {
        nat: interface.to_owned(),
        interfaces: vec![interface.to_owned()],
        addresses: vec!["10.0.0.220".parse().unwrap()],
        region: Some("eu-west-1".into()),
        ..Gateway::default()
    }
}

fn ask(table: &str, gateways: &[Gateway], metadata: Metadata, by_hour: bool) -> Result<Statement, TableError> {
    let windows = [window()];
    let question = Question { catalog: None, database: "logs", table, windows: &windows, gateways, by_hour };
    question.statement(&Table::new(metadata)?)
}

#[test]
fn partitions_and_interfaces_are_filtered() {
    let sql = ask("flow", &[gateway("eni-1"), gateway("eni-2")], guide(None), false).unwrap().sql;
    assert!(sql.contains("FROM \"logs\".\"flow\"\n    WHERE \"day\" BETWEEN '2026/09/30' AND '2026/11/01'"), "{sql}");
    assert!(sql.contains("AND \"region\" IN ('eu-west-1')"), "{sql}");
    assert!(sql.contains("AND \"interface_id\" IN ('eni-1', 'eni-2')"), "{sql}");
    assert!(sql.contains("GROUPING SETS"), "{sql}");
    let sql = ask("flow", &[gateway("eni-1")], guide(None), true).unwrap().sql;
    assert!(!sql.contains("GROUPING SETS") && sql.contains("remote, hour\n"), "{sql}");
}

#[test]
fn hostile_names_end_where_they_end() {
    let hostile = "eni-1') OR ('1'='1";
    let sql = ask("flow\"; DROP TABLE x; --", &[gateway(hostile)], guide(None), false).unwrap().sql;
    assert!(sql.contains("FROM \"logs\".\"flow\"\"; DROP TABLE x; --\"\n"), "{sql}");
    assert!(sql.contains("IN ('eni-1'') OR (''1''=''1')"), "{sql}");
    let quotes = sql.matches('\'').count();
    assert_eq!(quotes % 2, 0);
}

#[test]
fn regional_gateways_are_told_by_resource() {
    let regional =
        Gateway { nat: "nat-1".to_owned(), nat_gateway_id: Some("nat-1".into()), regional: true, ..Gateway::default() };
    let format = "resource-id interface-id srcaddr dstaddr bytes start end";
    let sql = ask("flow", &[regional.clone(), gateway("eni-1")], guide(Some(format)), false).unwrap().sql;
    let expected =
        "(\"interface_id\" IN ('eni-1') OR (coalesce(\"interface_id\", '-') = '-' AND \"resource_id\" IN ('nat-1')))";
    assert!(sql.contains(expected), "{sql}");
    assert!(sql.contains("('nat-1', 0, true, '')"), "{sql}");
    let both = ask("flow", &[regional.clone(), gateway("eni-1")], guide(None), false).unwrap();
    assert!(both.notes.iter().any(|note| note.contains("resource-id")), "{:?}", both.notes);
    let error = ask("flow", &[regional], guide(None), false).unwrap_err().to_string();
    assert!(error.starts_with("the table has no column for resource-id, which regional"), "{error}");
    let error =
        ask("flow", &[gateway("eni-1")], guide(Some("resource-id srcaddr dstaddr bytes start")), false).unwrap_err();
    assert!(error.to_string().starts_with("the table has no column for interface-id"), "{error}");
    assert_eq!(ask("flow", &[], guide(None), false), Err(TableError::NoGateway));
}

#[test]
fn a_view_has_no_files() {
    let view = Metadata { is_view: true, partition_keys: Vec::new(), ..guide(None) };
    let statement = ask("flow", &[gateway("eni-1")], view, false).unwrap();
    assert!(!statement.sql.contains("$path"));
    assert!(statement.notes.iter().any(|note| note.contains("view")), "{:?}", statement.notes);
}

#[test]
fn a_statement_that_is_too_long_is_not_sent() {
    let many: Vec<_> = (0..6000).map(|number| gateway(&format!("eni-{number:017}"))).collect();
    assert!(matches!(ask("flow", &many, guide(None), false), Err(TableError::TooLong(_))));
}

#[test]
fn windows_apart_are_told_apart() {
    let hour = |from: &str, to: &str| Window::new(from.parse().unwrap(), to.parse().unwrap()).unwrap();
    let windows =
        [hour("2026-10-01T00:00:00Z", "2026-10-01T02:00:00Z"), hour("2026-10-02T05:00:00Z", "2026-10-02T07:00:00Z")];
    let gateways = [gateway("eni-1")];
    let question = Question {
        catalog: Some("lake"),
        database: "logs",
        table: "flow",
        windows: &windows,
        gateways: &gateways,
        by_hour: false,
    };
    let columns = ["interface_id", "srcaddr", "dstaddr"].map(|name| Column::new(name, "string"));
    let numbers = ["bytes", "start"].map(|name| Column::new(name, "bigint"));
    let metadata = Metadata { columns: columns.into_iter().chain(numbers).collect(), ..Metadata::default() };
    let sql = question.statement(&Table::new(metadata).unwrap()).unwrap().sql;
    let first = windows[0].start().as_second() / 3600;
    assert!(
        sql.contains(&format!("OR hour BETWEEN {first} AND {}\n        OR hour BETWEEN {}", first + 1, first + 29)),
        "{sql}"
    );
    assert!(sql.contains("FROM \"lake\".\"logs\".\"flow\""), "{sql}");
    assert!(sql.contains("CASE\n            WHEN CASE"), "without a status one without bytes has no data: {sql}");
}
