//! The components of the page, one per file.

mod assistant;
mod chart_card;
mod copy_button;
mod data_notes;
mod editor;
mod events;
mod facts;
mod header;
mod help;
mod history;
mod judging_progress;
mod links_out;
mod live;
mod notices;
mod preview;
mod query_bar;
mod range;
mod report;
mod results;
mod rules;
mod send;
mod series_list;
mod slider;
mod start;
mod tuning;

pub use chart_card::ChartCard;
pub use facts::Facts;
pub use header::Header;
pub use help::Help;
pub use history::History;
pub use judging_progress::JudgingProgress;
pub use notices::Notices;
pub use preview::Preview;
pub use query_bar::QueryBar;
pub use results::Results;
pub use series_list::SeriesList;
pub use start::Start;
pub use tuning::Tuning;

use wasm_bindgen::JsCast;

fn focus_by_id(id: &str) {
    let element = leptos::prelude::document().get_element_by_id(id);
    if let Some(element) =
        element.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok())
    {
        let _ = element.focus();
    }
}
