//! The page of Oddity: state in one place, components that read it, and a chart. Its workers run this module too.

mod app;
mod browser;
mod chart;
mod components;
mod state;
mod text;
mod worker;

fn main() {
    console_error_panic_hook::set_once();
    if worker::serve() {
        return;
    }
    if let Some(boot) = leptos::prelude::document().get_element_by_id("boot") {
        boot.remove();
    }
    leptos::mount::mount_to_body(app::App);
}
