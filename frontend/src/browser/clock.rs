//! The clock of the page.

use oddity_detect::time::Timestamp;

pub fn now() -> Timestamp {
    Timestamp(js_sys::Date::now() as i64)
}

/// Returns the offset of the browser's time zone at time `t`, in minutes east of UTC.
pub fn local_offset(t: Timestamp) -> i32 {
    let date = js_sys::Date::new(&(t.0 as f64).into());
    -date.get_timezone_offset() as i32
}
