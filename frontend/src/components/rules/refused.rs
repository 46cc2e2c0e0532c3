use leptos::prelude::*;
use oddity_analysis::rules::ExportError;
use oddity_detect::detect::{Detector, ParamKind};

use crate::state::State;

/// The reason why there are no rules, and a button that changes that.
#[allow(clippy::needless_pass_by_value)]
#[component]
pub fn NoRules(
    /// Reason for which the detector cannot be exported.
    reason: ExportError,
) -> impl IntoView {
    let state = expect_context::<State>();
    let way = match reason {
        ExportError::NoParity(_) | ExportError::Mad | ExportError::Clusters => {
            let now = state.settings.get_untracked().detector;
            let other = nearest(now);
            let same = other.about().id == now.about().id;
            let words = if same {
                format!("Use an exportable {}", other.about().name)
            } else {
                format!("Use {}", other.about().name)
            };
            Some((words, Callback::new(move |()| state.judge_with(other))))
        }
        ExportError::Cleaned => Some((
            "Include flagged samples in the baseline".to_owned(),
            Callback::new(move |()| {
                let mut settings = state.settings.get_untracked();
                settings.clean = false;
                state.tune(settings);
            }),
        )),
        ExportError::Excluded => Some((
            "Remove excluded ranges".to_owned(),
            Callback::new(move |()| state.navigate(|panel| panel.excluded.clear())),
        )),
        _ => None,
    };
    view! {
        <div class="empty">
            <h3>"Rules not available"</h3>
            <p>{sentence(&reason.to_string())}</p>
            {way.map(|(words, act)| view! { <button class="chip primary" type="button" on:click=move |_| act.run(())>{words}</button> })}
        </div>
    }
}

/// Returns an error message as a sentence.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).chain(['.']).collect()
}

/// Returns the most similar detector that can be exported: the same one if only one of its choices prevents it.
fn nearest(detector: Detector) -> Detector {
    let id = match detector.about().id {
        "decompose" | "spectral" => "seasonal",
        "drift" => "level",
        "ewma" => "rolling",
        "robust" | "peers" => return default_choices(detector),
        _ => "robust",
    };
    Detector::by_id(id).or_else(|| Detector::by_id("rolling")).unwrap_or(detector)
}

fn default_choices(detector: Detector) -> Detector {
    let params = detector.about().params.iter();
    params
        .filter(|param| matches!(param.kind, ParamKind::Choice(_)))
        .fold(detector, |detector, param| detector.with(param.id, param.default))
}
