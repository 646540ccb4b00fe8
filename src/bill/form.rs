//! The forms a bill comes in, told by the names of its columns: Cost and Usage Reports, 2.0 and legacy, and FOCUS.
//!
//! One field has many names: `lineItem/UsageType` in a legacy report, `line_item_usage_type` in a 2.0 one and in any
//! Parquet, `x_UsageType` in FOCUS 1.0 and `SkuMeter` in 1.2; query engines lower the case of all of them. So names are
//! compared by their letters and digits alone.
//!
//! <https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2.html>,
//! <https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-focus-1-2-aws.html>

use schemars::JsonSchema;
use serde::Serialize;

/// A form of bills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub enum Form {
    /// Cost and Usage Report 2.0.
    #[serde(rename = "cur-2.0")]
    Cur2,
    /// Legacy Cost and Usage Report.
    #[serde(rename = "cur-legacy")]
    LegacyCur,
    /// FOCUS 1.0 with AWS's columns.
    #[serde(rename = "focus-1.0")]
    Focus10,
    /// FOCUS 1.2 with AWS's columns.
    #[serde(rename = "focus-1.2")]
    Focus12,
}

impl Form {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cur2 => "CUR 2.0",
            Self::LegacyCur => "legacy CUR",
            Self::Focus10 => "FOCUS 1.0",
            Self::Focus12 => "FOCUS 1.2",
        }
    }

    pub(super) fn is_focus(self) -> bool {
        matches!(self, Self::Focus10 | Self::Focus12)
    }
}

/// What is read of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(usize)]
pub(super) enum Field {
    UsageType,
    Class,
    Start,
    End,
    Account,
    Quantity,
    /// Unblended cost, or FOCUS's billed one.
    Cost,
    Payer,
    BillingPeriod,
    Operation,
    Resource,
    Region,
    /// Where the other quantity is empty.
    PricingQuantity,
    NetCost,
    ListCost,
    EffectiveCost,
    ReservationCost,
    NetReservationCost,
    SavingsPlanCost,
    NetSavingsPlanCost,
    Currency,
    /// FOCUS: whether a line corrects an earlier period.
    Correction,
}

/// How many there are.
pub(super) const FIELDS: usize = Field::Correction as usize + 1;

impl Field {
    /// All of them, in their order.
    #[cfg(feature = "flow-logs")]
    pub(super) const ALL: [Self; FIELDS] = {
        let mut all = [Self::UsageType; FIELDS];
        let mut at = 0;
        while at < FIELDS {
            all[at] = NAMES[at].0;
            at += 1;
        }
        all
    };
}

/// Each field's names by letters and digits, the ones that count before others first. Which form a name is of shows in
/// itself, as no two forms share one.
const NAMES: [(Field, &[&str]); FIELDS] = [
    (Field::UsageType, &["lineitemusagetype", "xusagetype", "skumeter"]),
    (Field::Class, &["lineitemlineitemtype", "chargecategory"]),
    (Field::Start, &["lineitemusagestartdate", "chargeperiodstart"]),
    (Field::End, &["lineitemusageenddate", "chargeperiodend"]),
    (Field::Account, &["lineitemusageaccountid", "subaccountid"]),
    (Field::Quantity, &["lineitemusageamount", "consumedquantity"]),
    (Field::Cost, &["lineitemunblendedcost", "billedcost"]),
    (Field::Payer, &["billpayeraccountid", "billingaccountid"]),
    (Field::BillingPeriod, &["billbillingperiodstartdate", "billingperiodstart"]),
    (Field::Operation, &["lineitemoperation", "xoperation"]),
    (Field::Resource, &["lineitemresourceid", "resourceid"]),
    (Field::Region, &["productregioncode", "productregion", "regionid"]),
    (Field::PricingQuantity, &["pricingquantity"]),
    (Field::NetCost, &["lineitemnetunblendedcost"]),
    (Field::ListCost, &["pricingpublicondemandcost", "listcost"]),
    (Field::EffectiveCost, &["effectivecost"]),
    (Field::ReservationCost, &["reservationeffectivecost"]),
    (Field::NetReservationCost, &["reservationneteffectivecost"]),
    (Field::SavingsPlanCost, &["savingsplansavingsplaneffectivecost"]),
    (Field::NetSavingsPlanCost, &["savingsplannetsavingsplaneffectivecost"]),
    (Field::Currency, &["lineitemcurrencycode", "billingcurrency"]),
    (Field::Correction, &["chargeclass"]),
];

/// Without these a file says nothing that could be used; the names are those that a reader looks for.
const NEEDED: [(Field, &str, &str); 7] = [
    (Field::UsageType, "line_item_usage_type", "x_UsageType or SkuMeter"),
    (Field::Class, "line_item_line_item_type", "ChargeCategory"),
    (Field::Start, "line_item_usage_start_date", "ChargePeriodStart"),
    (Field::End, "line_item_usage_end_date", "ChargePeriodEnd"),
    (Field::Account, "line_item_usage_account_id", "SubAccountId"),
    (Field::Quantity, "line_item_usage_amount", "ConsumedQuantity"),
    (Field::Cost, "line_item_unblended_cost", "BilledCost"),
];

/// Where a form's columns are.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    pub(super) form: Form,
    places: [Option<usize>; FIELDS],
    /// How many columns there are.
    pub(super) count: usize,
}

/// Why columns are no bill's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum FormError {
    #[error("it is no bill: none of its columns is one of a Cost and Usage Report or of FOCUS")]
    NoBill,
    #[error("it is a {form} export without {columns}: export it with these columns")]
    Missing { form: &'static str, columns: String },
}

impl Columns {
    /// Recognises a form by its columns.
    pub(super) fn recognise<'n>(names: impl IntoIterator<Item = &'n str>) -> Result<Self, FormError> {
        let names: Vec<_> = names.into_iter().map(plain).collect();
        let place = |wanted: &&str| names.iter().position(|name| name == wanted);
        let is_cur = names.iter().any(|name| name.starts_with("lineitem"));
        let is_focus = ["chargecategory", "chargeperiodstart", "billedcost"].iter().any(|name| place(name).is_some());
        let form = match (is_cur, is_focus) {
            // Legacy reports have a column for each of a product's properties, where 2.0 has one for all.
            (true, _) if place(&"productproductname").is_some() || place(&"productusagetype").is_some() => {
                Form::LegacyCur
            }
            (true, _) => Form::Cur2,
            (false, true) if place(&"xusagetype").is_some() => Form::Focus10,
            (false, true) => Form::Focus12,
            (false, false) => return Err(FormError::NoBill),
        };
        let mut places = [None; FIELDS];
        for (field, names) in NAMES {
            if let Some(at) = places.get_mut(field as usize) {
                *at = names.iter().find_map(place);
            }
        }
        let columns = Self { form, places, count: names.len() };
        let missing = NEEDED.iter().filter(|(field, ..)| columns.place(*field).is_none());
        let missing: Vec<_> = missing.map(|(_, cur, focus)| if form.is_focus() { *focus } else { *cur }).collect();
        if missing.is_empty() {
            return Ok(columns);
        }
        Err(FormError::Missing { form: form.as_str(), columns: missing.join(", ") })
    }

    /// A field's column.
    pub(super) fn place(&self, field: Field) -> Option<usize> {
        self.places.get(field as usize).copied().flatten()
    }

    pub(super) fn has(&self, field: Field) -> bool {
        self.place(field).is_some()
    }

    /// The columns that are read.
    pub(super) fn read(&self) -> impl Iterator<Item = usize> {
        self.places.iter().filter_map(|place| *place)
    }
}

/// Whether a column of a name may be read as a field.
pub(super) fn is_wanted(name: &str) -> bool {
    let name = plain(name);
    NAMES.iter().any(|(_, names)| names.contains(&name.as_str()))
}

/// Whether a column of a name is of resources.
#[cfg(feature = "flow-logs")]
pub(super) fn is_resource(name: &str) -> bool {
    let name = plain(name);
    NAMES.iter().any(|(field, names)| *field == Field::Resource && names.contains(&name.as_str()))
}

/// A name's letters and digits, in lower case.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUR2: &str = "bill_payer_account_id line_item_usage_account_id line_item_usage_account_name line_item_line_item_type \
        line_item_usage_start_date line_item_usage_end_date line_item_usage_type line_item_usage_amount line_item_unblended_cost";
    const LEGACY: &str = "lineItem/UsageAccountId lineItem/LineItemType lineItem/UsageStartDate lineItem/UsageEndDate \
        lineItem/UsageType lineItem/UsageAmount lineItem/UnblendedCost product/ProductName product/region";
    const FOCUS: &str = "BilledCost ChargeCategory ChargePeriodStart ChargePeriodEnd SubAccountId ConsumedQuantity";

    fn form(names: &str) -> Result<Form, FormError> {
        Columns::recognise(names.split_whitespace()).map(|columns| columns.form)
    }

    #[test]
    fn fields_stand_in_their_order() {
        for (index, (field, names)) in NAMES.iter().enumerate() {
            assert_eq!(*field as usize, index);
            assert!(names.iter().all(|name| plain(name) == *name));
        }
    }

    #[test]
    fn forms_are_told_by_their_columns() {
        assert_eq!(form(CUR2), Ok(Form::Cur2));
        assert_eq!(form(LEGACY), Ok(Form::LegacyCur));
        assert_eq!(form(&LEGACY.replace('/', "_")), Ok(Form::LegacyCur));
        assert_eq!(form(&format!("{FOCUS} x_UsageType")), Ok(Form::Focus10));
        assert_eq!(form(&format!("{FOCUS} SkuMeter")), Ok(Form::Focus12));
        assert_eq!(form(&format!("{FOCUS} SkuMeter").to_lowercase()), Ok(Form::Focus12));
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(form("a b c"), Err(FormError::NoBill));
        assert_eq!(form(""), Err(FormError::NoBill));
        let error = form(FOCUS).unwrap_err().to_string();
        assert!(error.contains("FOCUS 1.2 export without x_UsageType or SkuMeter"), "{error}");
        let error = form(&CUR2.replace("line_item_usage_amount", "")).unwrap_err().to_string();
        assert!(error.contains("CUR 2.0 export without line_item_usage_amount"), "{error}");
    }
}
