use super::*;

fn window(from: &str, to: &str) -> Window {
    Window::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
}

fn table(keys: &[(&str, &str)], parameters: &[(&str, &str)]) -> Metadata {
    Metadata {
        partition_keys: keys.iter().map(|(name, kind)| Column::new(name, kind)).collect(),
        parameters: parameters.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        ..Metadata::default()
    }
}

fn conditions(metadata: &Metadata, windows: &[Window]) -> Vec<String> {
    let regions = ["eu-west-1".into()].into();
    filter(metadata, &Hours::of_folders(windows), Some(&regions)).unwrap().conditions
}

const OCTOBER: (&str, &str) = ("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z");

#[test]
fn projected_days() {
    let parameters = [("projection.day.type", "date"), ("projection.day.format", "yyyy/MM/dd")];
    let metadata = table(&[("accid", "string"), ("region", "string"), ("day", "string")], &parameters);
    let expected = ["\"day\" BETWEEN '2026/09/30' AND '2026/11/01'", "\"region\" IN ('eu-west-1')"];
    assert_eq!(conditions(&metadata, &[window(OCTOBER.0, OCTOBER.1)]), expected);
    let noon = window("2026-10-02T12:00:00Z", "2026-10-02T13:00:00Z");
    let next = window("2026-10-05T12:00:00Z", "2026-10-06T13:00:00Z");
    let expected = "(\"day\" = '2026/10/02' OR \"day\" BETWEEN '2026/10/05' AND '2026/10/06')";
    assert_eq!(conditions(&metadata, &[noon, next])[0], expected);
}

#[test]
fn projected_hours_and_dates() {
    let parameters = [("projection.at.type", "date"), ("projection.at.format", "yyyy-MM-dd-HH")];
    let metadata = table(&[("at", "string")], &parameters);
    let night = window("2026-10-01T23:00:00Z", "2026-10-02T01:00:00Z");
    assert_eq!(conditions(&metadata, &[night]), ["\"at\" BETWEEN '2026-10-01-22' AND '2026-10-02-01'"]);
    let metadata = table(&[("date", "date")], &[]);
    assert_eq!(conditions(&metadata, &[night]), ["\"date\" BETWEEN DATE '2026-10-01' AND DATE '2026-10-02'"]);
    // AWS's guide for Parquet: a date and an hour.
    let parameters = [("projection.date.type", "date"), ("projection.date.format", "yyyy/MM/dd")];
    let metadata = table(&[("date", "string"), ("hour", "string")], &parameters);
    let expected = "((\"date\" = '2026/10/02' AND \"hour\" IN ('0', '00', '1', '01')) OR (\"date\" = '2026/10/01' AND \"hour\" IN ('22', '23')))";
    assert_eq!(conditions(&metadata, &[night]), [expected]);
}

#[test]
fn hive_compatible_years_months_and_days() {
    let keys = [("aws-account-id", "string"), ("aws-service", "string"), ("aws-region", "string")];
    let text = [("year", "string"), ("month", "string"), ("day", "string")];
    let metadata = table(&[&keys[..], &text].concat(), &[]);
    let edge = window("2026-09-30T20:00:00Z", "2026-10-01T04:00:00Z");
    let expected = [
        "((\"year\" IN ('2026') AND \"month\" IN ('9', '09') AND \"day\" IN ('30')) OR (\"year\" IN ('2026') AND \"month\" IN ('10') AND \"day\" IN ('1', '01')))",
        "\"aws-service\" = 'vpcflowlogs'",
        "\"aws-region\" IN ('eu-west-1')",
    ];
    assert_eq!(conditions(&metadata, &[edge]), expected);
    let numbers = table(&[("year", "int"), ("month", "int"), ("day", "int"), ("hour", "int")], &[]);
    let expected = "(\"year\" IN (2026) AND \"month\" IN (10) AND \"day\" IN (3) AND \"hour\" IN (4, 5, 6))";
    let hour = window("2026-10-03T05:00:00Z", "2026-10-03T06:00:00Z");
    assert_eq!(conditions(&numbers, &[hour])[0].replace("((", "(").replace(") AND \"hour", " AND \"hour"), expected);
}

#[test]
fn what_is_not_certain_filters_nothing_and_is_said() {
    let metadata = table(&[("day", "string"), ("team", "string")], &[]);
    let filter = filter(&metadata, &Hours::of_folders(&[window(OCTOBER.0, OCTOBER.1)]), None).unwrap();
    assert!(filter.conditions.is_empty());
    assert!(filter.notes[0].contains("all of the table is read"), "{:?}", filter.notes);
    assert!(filter.notes[2].contains("\"team\""), "{:?}", filter.notes);
    for format in ["dd/MM/yyyy", "yyyy/MM/dd'T'HH", "yyyy/MM", "yyyyMMddHHmm"] {
        assert_eq!(Pattern::parse(format), None, "{format}");
    }
}

#[test]
fn injected_values_must_be_known() {
    let metadata = table(&[("accid", "string")], &[("projection.accid.type", "injected")]);
    let error = super::filter(&metadata, &Hours::default(), None).unwrap_err();
    assert!(error.to_string().contains("\"accid\""), "{error}");
}

#[test]
fn hostile_names_stay_names() {
    let parameters = [("projection.x\"y.type", "date"), ("projection.x\"y.format", "yyyy/MM/dd")];
    let metadata = table(&[("x\"y", "string")], &parameters);
    assert!(conditions(&metadata, &[window(OCTOBER.0, OCTOBER.1)])[0].starts_with("\"x\"\"y\" BETWEEN '"));
}
