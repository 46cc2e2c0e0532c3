//! Label scoping: limits a request to the series that its user may read, as prom-label-proxy does.
//!
//! A query is parsed, the enforced matchers are added to each of its selectors, and it is written anew from its syntax
//! tree: no character of the text that a client sent reaches the source. What cannot be parsed is refused.

use axum::http::StatusCode;
use form_urlencoded::Serializer;
use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::token::T_EQL_REGEX;
use promql_parser::parser::{self, Expr, LabelModifier, VectorSelector};

use crate::config::{EnforceSettings, EnforcedLabel};
use crate::demo;
use crate::error::{ApiError, RejectionReason};
use crate::source::allowlist::{Endpoint, Params};

/// Maximum regular expressions in a query.
const MAX_PATTERNS: usize = 64;

/// Maximum bytes of the parameters with the matchers, as they are sent; an address of more is none in HTTP.
const MAX_BYTES: usize = 60_000;

/// Label that holds the name of a metric.
const METRIC_NAME: &str = "__name__";

/// Matchers that every selector of a request gets.
pub struct Scope<'a>(Vec<&'a EnforcedLabel>);

impl<'a> Scope<'a> {
    /// Returns the scope of a user, or `None` if the settings limit nothing.
    ///
    /// # Errors
    /// 403 for a user without an entry, and for nobody where the settings tell users apart.
    pub fn of(settings: &'a EnforceSettings, user: Option<&str>) -> Result<Option<Self>, ApiError> {
        let own = match (&settings.by_user, user) {
            (None, _) => &[][..],
            (Some(users), Some(user)) => users.get(user).ok_or_else(|| {
                forbidden("you may not read this source: ask its operator for an entry in enforce_by_user")
            })?,
            (Some(_), None) => {
                return Err(forbidden(
                    "this source is read by named users only (enforce_by_user): sign in, or ask for another source",
                ));
            }
        };
        let labels: Vec<_> = settings.all.iter().chain(own).collect();
        Ok((!labels.is_empty()).then_some(Self(labels)))
    }

    /// Adds the matchers to all selectors of the parameters; without a `match[]`, one that holds them alone is added.
    ///
    /// # Errors
    /// 400 for a text that cannot be parsed or gets too long, 403 for an endpoint that cannot be limited to some series.
    pub fn apply(&self, endpoint: &Endpoint, mut params: Params) -> Result<Params, ApiError> {
        let name = match endpoint {
            Endpoint::Query | Endpoint::QueryRange => "query",
            Endpoint::Series | Endpoint::Labels | Endpoint::LabelValues(_) => "match[]",
            Endpoint::Metadata => {
                return Err(forbidden(
                    "metadata is of all metrics, and this source is limited by label: ask for series instead",
                ));
            }
            Endpoint::Rules | Endpoint::Alerts => {
                return Err(forbidden(
                    "rules and alerts are of all series, and this source is limited by label: write a query instead",
                ));
            }
            Endpoint::BuildInfo => return Ok(params),
        };
        let selectors_only = name == "match[]";
        for (_, text) in params.iter_mut().filter(|(key, _)| key == name) {
            let limited = self.limit(text, selectors_only);
            *text = limited.map_err(|problem| {
                ApiError::bad_data(format!("invalid parameter \"{name}\": {problem}"))
            })?;
        }
        if selectors_only && !params.iter().any(|(key, _)| key == name) {
            let all = self.limit("{__name__!=\"\"}", true);
            params.push((name.to_owned(), all.map_err(ApiError::bad_data)?));
        }
        let bytes = Serializer::new(String::new()).extend_pairs(&params).finish().len();
        if bytes > MAX_BYTES {
            let message = format!(
                "`{name}` has {bytes} bytes with the labels that limit this source, more than {MAX_BYTES}: use fewer \
                 selectors"
            );
            return Err(ApiError::refused(StatusCode::BAD_REQUEST, RejectionReason::Size, message));
        }
        Ok(params)
    }

    /// Writes a query anew with the matchers in each selector.
    fn limit(&self, text: &str, selectors_only: bool) -> Result<String, String> {
        let (mut expr, mut patterns) = demo::parse_uncompiled(text)?;
        if patterns.len() > MAX_PATTERNS {
            let number = patterns.len();
            return Err(format!(
                "the query has {number} regular expressions, more than {MAX_PATTERNS}: join them, as in job=~\"a|b\""
            ));
        }
        let plain =
            matches!(&expr, Expr::VectorSelector(one) if one.at.is_none() && one.offset.is_none());
        if selectors_only && !plain {
            return Err("expected a selector, such as up{job=\"a\"}".to_owned());
        }
        let matchers = self.matchers(&mut patterns)?;
        for_each_selector(&mut expr, &mut |selector| {
            add(selector, &matchers);
            Ok(())
        })?;
        // What the tree does not write as it was read would be another query.
        if parser::parse(&expr.to_string()).map_or(true, |again| again != expr) {
            return Err("this syntax is not supported by a source that is limited by label: write the query \
                        in another way"
                .to_owned());
        }
        for_each_selector(&mut expr, &mut |selector| restore(selector, &patterns))?;
        Ok(expr.to_string())
    }

    /// Returns the matchers, with numbers of `patterns` as their regular expressions.
    fn matchers(&self, patterns: &mut Vec<String>) -> Result<Vec<Matcher>, String> {
        let matchers = self.0.iter().map(|label| match label.values.as_slice() {
            [value] => Ok(Matcher::new(MatchOp::Equal, &label.name, value)),
            values => {
                let number = patterns.len().to_string();
                let any: Vec<_> = values.iter().map(|value| regex::escape(value)).collect();
                patterns.push(any.join("|"));
                Matcher::new_matcher(T_EQL_REGEX, label.name.clone(), number)
            }
        });
        matchers.collect()
    }
}

fn forbidden(message: &str) -> ApiError {
    ApiError::refused(StatusCode::FORBIDDEN, RejectionReason::Scope, message)
}

/// Adds matchers to each alternative of a selector. The name becomes a matcher as well, since a quoted name may hold any
/// character.
fn add(selector: &mut VectorSelector, matchers: &[Matcher]) {
    let name = selector.name.take();
    let name = name.map(|name| Matcher::new(MatchOp::Equal, METRIC_NAME, &name));
    let added = || name.iter().chain(matchers).cloned();
    let groups = &mut selector.matchers;
    for group in &mut groups.or_matchers {
        group.extend(added());
    }
    if groups.or_matchers.is_empty() {
        groups.matchers.extend(added());
        // As they are written.
        groups.matchers.sort_by_cached_key(ToString::to_string);
    }
}

/// Puts the patterns in the place of their numbers.
fn restore(selector: &mut VectorSelector, patterns: &[String]) -> Result<(), String> {
    let groups = &mut selector.matchers;
    let all = groups.matchers.iter_mut().chain(groups.or_matchers.iter_mut().flatten());
    for matcher in all.filter(|one| matches!(one.op, MatchOp::Re(_) | MatchOp::NotRe(_))) {
        let pattern = matcher.value.parse().ok().and_then(|number: usize| patterns.get(number));
        matcher.value.clone_from(pattern.ok_or("a regular expression cannot be read")?);
    }
    Ok(())
}

/// Calls `change` with each selector of a tree, and drops empty lists of labels that mean the same as none.
fn for_each_selector(
    expr: &mut Expr,
    change: &mut impl FnMut(&mut VectorSelector) -> Result<(), String>,
) -> Result<(), String> {
    match expr {
        Expr::VectorSelector(selector) => change(selector),
        Expr::MatrixSelector(matrix) => change(&mut matrix.vs),
        Expr::Paren(inner) => for_each_selector(&mut inner.expr, change),
        Expr::Unary(inner) => for_each_selector(&mut inner.expr, change),
        Expr::Subquery(inner) => for_each_selector(&mut inner.expr, change),
        Expr::Binary(both) => {
            for_each_selector(&mut both.lhs, change)?;
            for_each_selector(&mut both.rhs, change)
        }
        Expr::Call(call) if call.func.name == "info" => {
            Err("info() reads series without a selector: join with target_info instead, as in a * on (job, instance) \
                 group_left (version) target_info"
                .to_owned())
        }
        Expr::Call(call) => {
            call.args.args.iter_mut().try_for_each(|arg| for_each_selector(arg, change))
        }
        Expr::Aggregate(inner) => {
            inner.modifier.take_if(
                |labels| matches!(labels, LabelModifier::Include(labels) if labels.is_empty()),
            );
            if let Some(param) = &mut inner.param {
                for_each_selector(param, change)?;
            }
            for_each_selector(&mut inner.expr, change)
        }
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) => Ok(()),
        Expr::Extension(_) => Err("this expression is not PromQL".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(name: &str, values: &[&str]) -> EnforcedLabel {
        EnforcedLabel {
            name: name.to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        }
    }

    fn limit(labels: &[EnforcedLabel], text: &str) -> Result<String, String> {
        Scope(labels.iter().collect()).limit(text, false)
    }

    #[test]
    fn each_selector_gets_the_matchers() {
        let team = [label("namespace", &["NS"])];
        let cases = [
            ("up", r#"{__name__="up",namespace="NS"}"#),
            ("sum(up)", r#"sum({__name__="up",namespace="NS"})"#),
            (r#"absent(foo{pod="foo"})"#, r#"absent({__name__="foo",namespace="NS",pod="foo"})"#),
            (
                r#"sum by (pod) (metric{label="baz", pod=~"a|b"} or metric1{x!~"\\d"})"#,
                r#"sum by (pod) ({__name__="metric",label="baz",namespace="NS",pod=~"a|b"} or {__name__="metric1",namespace="NS",x!~"\\d"})"#,
            ),
            // The matcher of the query stays, and the enforced one is added: the answer is empty.
            (r#"up{namespace="other"}"#, r#"{__name__="up",namespace="NS",namespace="other"}"#),
            (r#"up{namespace!="NS"}"#, r#"{__name__="up",namespace!="NS",namespace="NS"}"#),
            (r#"up{namespace=~".*"}"#, r#"{__name__="up",namespace="NS",namespace=~".*"}"#),
            (r#"{namespace=~".*"}"#, r#"{namespace="NS",namespace=~".*"}"#),
            (
                "rate(a:b[5m] offset 1h) - a @ 17.5",
                r#"rate({__name__="a:b",namespace="NS"}[5m] offset 1h) - {__name__="a",namespace="NS"} @ 17.500"#,
            ),
            (
                "max_over_time(sum(up)[1h:1m] @ end())",
                r#"max_over_time(sum({__name__="up",namespace="NS"})[1h:1m] @ end())"#,
            ),
            (
                "topk(scalar(a), b) / ignoring (x) group_left (y) c",
                r#"topk(scalar({__name__="a",namespace="NS"}), {__name__="b",namespace="NS"}) / ignoring (x) group_left (y) {__name__="c",namespace="NS"}"#,
            ),
            ("sum by () (up)", r#"sum({__name__="up",namespace="NS"})"#),
            ("sum without () (up)", r#"sum without () ({__name__="up",namespace="NS"})"#),
            ("-up == bool 1", r#"-{__name__="up",namespace="NS"} == bool 1"#),
            // What a comment or a string says is no part of the query.
            ("up # } or secret", r#"{__name__="up",namespace="NS"}"#),
            (
                "up # }\r or secret",
                r#"{__name__="up",namespace="NS"} or {__name__="secret",namespace="NS"}"#,
            ),
            (
                r#"up{a="\"} or secret{b=\""}"#,
                r#"{__name__="up",a="\"} or secret{b=\"",namespace="NS"}"#,
            ),
            ("up{a=`\"} or b`}", r#"{__name__="up",a="\"} or b",namespace="NS"}"#),
            (
                r#"label_replace(up, "a", "$1", "b", "(.*)\\.x")"#,
                r#"label_replace({__name__="up",namespace="NS"}, "a", "$1", "b", "(.*)\\.x")"#,
            ),
            (r#"{a="b" or c="d"}"#, r#"{a="b", namespace="NS" or c="d", namespace="NS"}"#),
            (r#"{"odd } or name", a="b"}"#, r#"{__name__="odd } or name",a="b",namespace="NS"}"#),
            ("vector(time()) + NaN - Inf", "vector(time()) + NaN - Inf"),
            (
                r#"up{pod=~"a{2}|x{b}", y=~".+"}"#,
                r#"{__name__="up",namespace="NS",pod=~"a{2}|x{b}",y=~".+"}"#,
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(limit(&team, text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn several_labels_and_values_are_enforced_together() {
        let labels = [label("cluster", &["a.b", "c|d"]), label("quote", &["\"} or up"])];
        assert_eq!(
            limit(&labels, r#"up{x=~"y+"}"#).as_deref(),
            Ok(r#"{__name__="up",cluster=~"a\\.b|c\\|d",quote="\"} or up",x=~"y+"}"#)
        );
    }

    #[test]
    fn what_cannot_be_limited_is_refused() {
        let team = [label("namespace", &["NS"])];
        let cases = [
            ("", "parse error"),
            ("up{", "1:4: parse error: unexpected end of input"),
            ("sum(up", "parse error"),
            ("up{a=\"b\"} keep_metric_names", "parse error"),
            ("WITH (x = up) x", "parse error"),
            ("future_over_time(up[5m])", "unknown function"),
            ("info(up)", "info() reads series without a selector"),
            ("info(up, {a=\"b\"})", "info() reads series without a selector"),
            ("up @ -5", "not supported by a source that is limited by label"),
        ];
        for (text, expected) in cases {
            let problem = limit(&team, text).expect_err(text);
            assert!(problem.contains(expected), "{text}: {problem}");
        }
        let patterns = format!("up{{{}}}", "a=~\"b\",".repeat(65));
        assert!(limit(&team, &patterns).expect_err("many").contains("65 regular expressions"));
        assert!(limit(&team, &"(".repeat(5_000)).is_err());
    }

    #[test]
    fn a_query_that_gets_too_long_is_refused() {
        let values: Vec<_> = (0..100).map(|number| format!("namespace-{number}")).collect();
        let values: Vec<_> = values.iter().map(String::as_str).collect();
        let team = label("namespace", &values);
        let apply = |selectors: usize| {
            let params = vec![("query".to_owned(), vec!["up"; selectors].join(" + "))];
            Scope(vec![&team]).apply(&Endpoint::Query, params).map_err(|error| error.message)
        };
        assert!(apply(10).is_ok());
        let problem = apply(60).expect_err("long");
        assert!(problem.contains("more than 60000: use fewer selectors"), "{problem}");
    }

    #[test]
    fn every_endpoint_is_limited_or_refused() {
        let settings = EnforceSettings { all: vec![label("ns", &["a"])], by_user: None };
        let cases = [
            ("query", "query=up", Ok(r#"query={__name__="up",ns="a"}"#)),
            ("query_range", "query=up&step=1", Ok(r#"query={__name__="up",ns="a"} step=1"#)),
            (
                "series",
                "match[]=up&match[]={x=~\"y\"}",
                Ok(r#"match[]={__name__="up",ns="a"} match[]={ns="a",x=~"y"}"#),
            ),
            ("series", "", Ok(r#"match[]={__name__!="",ns="a"}"#)),
            ("labels", "start=1", Ok(r#"start=1 match[]={__name__!="",ns="a"}"#)),
            ("label/ns/values", "", Ok(r#"match[]={__name__!="",ns="a"}"#)),
            (
                "labels",
                "match[]=sum(up)",
                Err("400 invalid parameter \"match[]\": expected a selector"),
            ),
            (
                "labels",
                "match[]=up offset 1h",
                Err("400 invalid parameter \"match[]\": expected a selector"),
            ),
            ("query", "query=up{", Err("400 invalid parameter \"query\": 1:4: parse error")),
            ("metadata", "metric=up", Err("403 metadata is of all metrics")),
            ("rules", "type=alert", Err("403 rules and alerts are of all series")),
            ("alerts", "", Err("403 rules and alerts are of all series")),
            ("status/buildinfo", "", Ok("")),
        ];
        for (path, query, expected) in cases {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            let params = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            let scope = Scope::of(&settings, None).unwrap().unwrap();
            let answer = scope.apply(&Endpoint::parse(path).unwrap(), params);
            let answer = answer
                .map(|params| {
                    let pairs = params.iter().map(|(name, value)| format!("{name}={value}"));
                    pairs.collect::<Vec<_>>().join(" ")
                })
                .map_err(|error| format!("{} {}", error.status.as_u16(), error.message));
            match expected {
                Ok(expected) => assert_eq!(answer.as_deref(), Ok(expected), "{path}?{query}"),
                Err(expected) => {
                    let message = answer.expect_err(query);
                    assert!(message.starts_with(expected), "{path}?{query}: {message}");
                }
            }
        }
    }

    #[test]
    fn a_user_gets_its_own_labels_and_a_stranger_none() {
        let by_user = [("ann", vec![label("ns", &["a"])]), ("root", vec![])];
        let by_user = by_user.map(|(user, labels)| (user.to_owned(), labels));
        let some = |all: Vec<EnforcedLabel>| EnforceSettings {
            all,
            by_user: Some(by_user.clone().into()),
        };
        let of = |settings: &EnforceSettings, user: Option<&str>| {
            let scope = Scope::of(settings, user).map_err(|error| error.status.as_u16())?;
            Ok(scope.map(|scope| scope.limit("up", false).unwrap()))
        };
        let text = |text: &str| Ok(Some(text.to_owned()));
        let free = some(Vec::new());
        assert_eq!(of(&free, Some("ann")), text(r#"{__name__="up",ns="a"}"#));
        assert_eq!(of(&free, Some("root")), Ok(None));
        assert_eq!(of(&free, Some("bob")), Err(403));
        assert_eq!(of(&free, Some("")), Err(403));
        assert_eq!(of(&free, None), Err(403));
        let both = some(vec![label("dc", &["x"])]);
        assert_eq!(of(&both, Some("ann")), text(r#"{__name__="up",dc="x",ns="a"}"#));
        assert_eq!(of(&both, Some("root")), text(r#"{__name__="up",dc="x"}"#));
        assert_eq!(of(&EnforceSettings::default(), Some("bob")), Ok(None));
    }
}
