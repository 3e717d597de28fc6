//! Sign-up, login, sessions, members and roles.
//!
//! [`Accounts`] signs people up, lets them in and makes workspaces. [`Member`] is the right to be in a workspace:
//! having the value is having the right. [`products`] are the services of a workspace's products. [`SessionRecords`] keeps
//! the browsers' sessions. Every change is written with its audit row in one transaction.

mod accounts;
mod error;
mod fields;
mod member;
mod password;
pub mod products;
mod sessions;
mod throttle;

pub use accounts::{Accounts, Settings, SignUp, User};
pub use error::{
    ChangeError, Failure, FieldError, FieldErrors, Forbidden, LogInError, SignUpError,
};
pub use member::Member;
pub use password::Password;
pub use sessions::{ANONYMOUS, SESSION_USER, SessionError, SessionRecords, SessionState};
