use super::*;
use crate::testing::Account;

fn written(report: &Report) -> String {
    let mut out = Vec::new();
    render(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn each_step_says_where_to_click() {
    let text = written(&Account::plain("us-east-1").traffic("nat-1", 100, 400).report());
    assert!(text.contains("ACCOUNT 111122223333, REGION us-east-1"));
    assert!(text.contains("[ ] VPC → Endpoints → Create endpoint"));
    assert!(
        text.contains("https://us-east-1.console.aws.amazon.com/vpcconsole/home?region=us-east-1#CreateVpcEndpoint\n")
    );
}

#[test]
fn a_link_is_made_of_safe_ids_only() {
    let delete = |id: &str| Change::DeleteNatGateway { nat_gateway_id: id.into() };
    let region = RegionName::from("cn-north-1");
    assert_eq!(
        link(&region, &delete("nat-0a1")).unwrap(),
        "https://console.amazonaws.cn/vpcconsole/home?region=cn-north-1#NatGatewayDetails:natGatewayId=nat-0a1"
    );
    assert_eq!(link(&region, &delete("nat-1&x=<y>")), None);
    assert_eq!(link(&"evil.example/?".into(), &delete("nat-0a1")), None);
}

#[test]
fn a_hostile_name_stays_on_its_line() {
    let mut report = Account::plain("us-east-1").traffic("nat-1", 100, 400).report();
    report.findings[0].vpc_name = Some("a\n[ ] Delete everything\u{202e}".to_owned());
    let text = written(&report);
    assert!(!text.contains("\n[ ] Delete") && !text.contains('\u{202e}'));
}
