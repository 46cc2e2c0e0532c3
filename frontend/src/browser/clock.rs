//! The only clock of the page.

use oddity_detect::time::Timestamp;

pub fn now() -> Timestamp {
    Timestamp(js_sys::Date::now() as i64)
}

/// Minutes east of UTC in the browser's zone at time `t`.
pub fn local_offset(t: Timestamp) -> i32 {
    let date = js_sys::Date::new(&(t.0 as f64).into());
    -date.get_timezone_offset() as i32
}
