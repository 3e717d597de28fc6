//! Companies.

use super::{Change, change::changes};
use crate::json::Object;

changes! {
    /// The fields of a company, to create or to change one.
    CompanyFields:
    /// The customer's own id. It says which company is meant when creating or updating by it, and can never change.
    company_id: String,
    /// Name.
    name: String,
    /// Name of its plan.
    plan: String,
    /// Number of employees.
    size: u64,
    /// Website.
    website: String,
    /// Industry.
    industry: String,
    /// What it pays a month; Intercom keeps whole numbers.
    monthly_spend: i64,
    /// The customer's own attributes; those not named stay as they are.
    custom_attributes: Object,
    @dates
    /// When the customer created it in their own system.
    remote_created_at,
}
