//! What it may cost.

use super::*;

#[tokio::test]
async fn the_budget_holds_whatever_becomes_of_answers() {
    // Without a count of the provider: 20 pieces and about 30 tokens of messages.
    let pieces = text("a").repeat(20);
    let upstream = Scripted::start(streamed(&pieces), Then::Hang).await;
    let limits = "answer_tokens = 20\nprompt_tokens = 1500\ndaily_tokens = 3000\nper_minute = 1000\nconcurrent = 1000";
    let server = with_model(&upstream, limits).await;
    let mut left = 0;
    while left < 100 {
        let mut client = ask(&server).await;
        let (mut answer, mut piece) = (String::new(), [0; 4096]);
        while answer.matches("\"text\"").count() < 40 && !answer.starts_with("HTTP/1.1 429") {
            let count = client.read(&mut piece).await.unwrap();
            answer.push_str(&String::from_utf8_lossy(&piece[..count]));
        }
        if answer.starts_with("HTTP/1.1 429") {
            break;
        }
        left += 1;
    }
    // Each disconnect was charged: the budget of 3,000 is spent before 100 of them.
    assert!((40..80).contains(&left), "{left}");
    upstream.wait_for_drops(left).await;
    let before = upstream.connections();
    let reply = chat(&server).await;
    let error = reply.error();
    assert!(error.starts_with("429 unavailable: today's budget of 3000 tokens"), "{error}");
    let wait: u64 = reply.field("retry-after").unwrap().parse().unwrap();
    assert!((1..=86_400).contains(&wait));
    assert_eq!(upstream.connections(), before);
    let metrics = server.get("/metrics").await.body;
    let value = |name: &str| -> f64 {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{name} in {metrics}")).parse().unwrap()
    };
    assert_eq!(value("oddity_llm_requests_total{outcome=\"disconnected\"}"), left as f64);
    assert!(value("oddity_llm_requests_total{outcome=\"budget\"}") >= 1.0);
    assert!(value("oddity_llm_budget_tokens") < 60.0);
    let charged = value("oddity_llm_tokens_total{kind=\"prompt\"}")
        + value("oddity_llm_tokens_total{kind=\"answer\"}");
    assert_eq!(charged + value("oddity_llm_budget_tokens"), 3_000.0);
}

#[tokio::test]
async fn the_providers_count_is_what_is_charged() {
    let upstream = Scripted::start(streamed(&(text("a") + STOP)), Then::Close).await;
    let server = with_model(&upstream, "").await;
    chat(&server).await;
    let refusing = Scripted::start(reply("401 No", "", ""), Then::Close).await;
    let metrics = server.get("/metrics").await.body;
    for line in [
        "oddity_llm_tokens_total{kind=\"prompt\"} 7\n",
        "oddity_llm_tokens_total{kind=\"answer\"} 2\n",
        "oddity_llm_budget_tokens 499991\n",
        "oddity_llm_requests_total{outcome=\"stop\"} 1\n",
    ] {
        assert!(metrics.contains(line), "{line} {metrics}");
    }
    // What the provider refused costs nothing.
    let server = with_model(&refusing, "").await;
    chat(&server).await;
    let metrics = server.get("/metrics").await.body;
    assert!(metrics.contains("oddity_llm_budget_tokens 500000\n"), "{metrics}");
    assert!(
        metrics.contains("oddity_llm_requests_total{outcome=\"credentials\"} 1\n"),
        "{metrics}"
    );
}

/// The request has some hundred bytes, and its answer 1,024 tokens at most.
#[tokio::test]
async fn a_count_that_cannot_be_leaves_the_budget_of_the_day() {
    let most = "18446744073709551615";
    let counts = format!(
        "data: {{\"choices\":[],\"usage\":{{\"prompt_tokens\":{most},\"completion_tokens\":{most}}}}}\n\n"
    );
    let answer = text("a") + &counts + "data: [DONE]\n\n";
    let upstream = Scripted::start(streamed(&answer), Then::Close).await;
    let server = with_model(&upstream, "").await;
    for _ in 0..3 {
        assert!(told(&chat(&server).await).starts_with("start|a|end Stop "));
    }
    let metrics = server.get("/metrics").await.body;
    let left = metrics.lines().find_map(|line| line.strip_prefix("oddity_llm_budget_tokens "));
    let left: f64 = left.unwrap().parse().unwrap();
    assert!((495_000.0..497_000.0).contains(&left), "{left}");
}

#[tokio::test]
async fn more_at_once_and_in_a_minute_are_told_to_come_again() {
    let upstream = Scripted::start(streamed(&text("a")), Then::Hang).await;
    let server = with_model(&upstream, "concurrent = 1\nidle = '10m'\ntotal = '10m'").await;
    let address = server.address;
    let first = tokio::spawn(async move {
        crate::support::send(address, "POST /api/llm/chat", &[JSON], BODY).await
    });
    upstream.wait_for_requests(1).await;
    let reply = chat(&server).await;
    assert_eq!(
        reply.error(),
        "429 unavailable: the limit of 1 concurrent answers of the language model is reached: try again in a moment"
    );
    assert!(reply.field("retry-after").is_some() && !first.is_finished());
    first.abort();
    upstream.wait_for_drops(1).await;

    let upstream = Scripted::start(streamed(STOP), Then::Close).await;
    let server = with_model(&upstream, "per_minute = 2").await;
    assert_eq!((chat(&server).await.status, chat(&server).await.status), (200, 200));
    let reply = chat(&server).await;
    assert!(
        reply.error().starts_with(
            "429 unavailable: the limit of 2 questions a minute to the language model is reached"
        ),
        "{reply:?}"
    );
    assert!(reply.field("retry-after").is_some());
    assert_eq!(upstream.connections(), 2);
}
