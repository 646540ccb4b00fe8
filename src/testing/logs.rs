//! What flow logs say, for tests: gigabytes by gateway, client subnet and service, all in the window's first hour.

use super::{Account, START, World, at};
use crate::assumption::Assumptions;
use crate::model::{RegionName, Service};
use crate::pricing::PriceBook;
use crate::report::Report;
use crate::sample::Plan;
use crate::traffic::{GatewayTraffic, Label, Method, NamedBy, Place, Traffic, Volume};

/// Flow logs in the making.
#[derive(Debug, Clone, Default)]
pub(crate) struct Logs(Traffic);

/// A service's label: S3 and DynamoDB by address, `aws` unnamed, the rest named by DNS.
pub(crate) fn label(service: &str, region: &str) -> Label {
    let service = Service::new(service);
    let gateway_endpoint = Service::WITH_GATEWAY_ENDPOINT.contains(&service) && region != "GLOBAL";
    let by_address = gateway_endpoint || [Service::AWS, Service::INTERNET, Service::PRIVATE].contains(&service);
    let region = (![Service::INTERNET, Service::PRIVATE].contains(&service)).then(|| RegionName::from(region));
    let named_by = if by_address { NamedBy::Address } else { NamedBy::Dns };
    Label { service, region, gateway_endpoint, named_by }
}

fn first_hour() -> u32 {
    u32::try_from(at(START).as_second() / 3600).unwrap()
}

impl Logs {
    /// Nothing read yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Gigabytes that clients of `vpc-1` in a subnet (none: clients of no known place) had with a service of us-east-1.
    pub(crate) fn gb(self, nat: &str, subnet: Option<&str>, service: &str, gigabytes: u64) -> Self {
        let place = subnet.map(|subnet| ("vpc-1", subnet));
        self.bytes(nat, place, label(service, "us-east-1"), gigabytes << 30)
    }

    /// Bytes of a client's place with a service.
    pub(crate) fn bytes(mut self, nat: &str, place: Option<(&str, &str)>, label: Label, bytes: u64) -> Self {
        let place = place.map(|(vpc, subnet)| Place { vpc_id: vpc.into(), subnet_id: Some(subnet.into()) });
        let volume = Volume { download: bytes, download_records: 1, ..Volume::default() };
        let gateway = self.gateway(nat);
        *gateway.flows.entry(label.clone()).or_default() += volume;
        *gateway.places.entry((place, Some(label.clone()))).or_default() += volume;
        let hour = first_hour();
        *gateway.hours.entry(hour).or_default() += bytes;
        *gateway.labels_by_hour.entry(label).or_default().entry(hour).or_default() += bytes;
        self
    }

    /// Moves bytes with a service from the first hour to a later one.
    pub(crate) fn later(mut self, nat: &str, label: &Label, bytes: u64, hours: u32) -> Self {
        let (from, to) = (first_hour(), first_hour() + hours);
        let gateway = self.gateway(nat);
        let of_label = gateway.labels_by_hour.get_mut(label).unwrap();
        for sums in [&mut gateway.hours, of_label] {
            *sums.get_mut(&from).unwrap() -= bytes;
            *sums.entry(to).or_default() += bytes;
        }
        self
    }

    /// Tells services of so many hours together, a power of two.
    pub(crate) fn stretch(mut self, nat: &str, stretch: u32) -> Self {
        let gateway = self.gateway(nat);
        gateway.stretch = stretch;
        for hours in gateway.labels_by_hour.values_mut() {
            for (hour, bytes) in std::mem::take(hours) {
                *hours.entry(hour / stretch * stretch).or_default() += bytes;
            }
        }
        self
    }

    /// A sample of a gateway's hours, whose clients in `subnet-a` have S3 and the internet as a world says.
    pub(crate) fn sampled(nat: &str, world: &World, plan: Plan) -> Self {
        let mut logs = Self::default();
        let place = Place { vpc_id: "vpc-1".into(), subnet_id: Some("subnet-a".into()) };
        for hour in plan.hours() {
            let (s3, all) = (world.part[&hour], world.whole[&hour]);
            let gateway = logs.gateway(nat);
            if all > 0 {
                gateway.hours.insert(hour, all);
            }
            for (service, bytes) in [("s3", s3), ("internet", all - s3)] {
                let label = label(service, "us-east-1");
                let volume = Volume { download: bytes, download_records: 1, ..Volume::default() };
                *gateway.flows.entry(label.clone()).or_default() += volume;
                gateway.labels_by_hour.entry(label.clone()).or_default().insert(hour, bytes);
                let key = (Some(place.clone()), Some(label));
                *gateway.places.entry(key.clone()).or_default() += volume;
                gateway.places_by_hour.entry(key).or_default().insert(hour, bytes);
            }
        }
        logs.0.sample = Some(plan);
        logs
    }

    /// Forgets which client used which service, as logs without `pkt-` fields do.
    pub(crate) fn remote_legs(mut self, nat: &str) -> Self {
        let gateway = self.gateway(nat);
        gateway.method = Method::RemoteLegs;
        for ((place, _), volume) in std::mem::take(&mut gateway.places) {
            *gateway.places.entry((place, None)).or_default() += volume;
        }
        self
    }

    fn gateway(&mut self, nat: &str) -> &mut GatewayTraffic {
        let gateways = &mut self.0.gateways;
        let index = gateways.iter().position(|gateway| gateway.nat == nat).unwrap_or_else(|| {
            let traffic =
                GatewayTraffic { method: Method::ClientLegs, ..GatewayTraffic::unseen(nat, Some(nat.into())) };
            gateways.push(traffic);
            gateways.len() - 1
        });
        &mut gateways[index]
    }
}

impl Account {
    /// The report on it with what flow logs say.
    pub(crate) fn report_with(self, logs: &Logs) -> Report {
        self.report_with_and(logs, &[])
    }

    /// The same with declared shares for what they do not say.
    pub(crate) fn report_with_and(self, logs: &Logs, shares: &[&str]) -> Report {
        let assumptions = Assumptions::parse(shares.iter().copied()).unwrap();
        Report::new(&self.snapshot(), Some(&logs.0), &PriceBook::embedded().unwrap(), &assumptions)
    }
}
