//! Every way in which it may fail.

use super::*;

#[tokio::test]
async fn faults_before_the_answer_are_typed() {
    let json = "content-type: application/json\r\n";
    let says = |status: &str, body: &str| reply(status, json, body);
    let cases: Vec<(Vec<u8>, Then, &str, Option<&str>)> = vec![
        (
            says("401 No", "{\"error\":\"CANARY\"}"),
            Then::Close,
            "502 unavailable: the provider refused this server's key (status 401): check OPENAI_API_KEY",
            None,
        ),
        (
            says("403 No", ""),
            Then::Close,
            "502 unavailable: the provider refused this server's key (status 403): check OPENAI_API_KEY",
            None,
        ),
        (
            reply("429 Slow", "retry-after: 20\r\n", "{}"),
            Then::Close,
            "429 unavailable: the provider accepts no more requests at the moment: try again in 20 s",
            Some("20"),
        ),
        (
            reply("429 Slow", "retry-after: 18446744073709551615\r\n", "{}"),
            Then::Close,
            "429 unavailable: the provider accepts no more requests at the moment: try again in a while",
            None,
        ),
        (
            says("429 Slow", ""),
            Then::Close,
            "429 unavailable: the provider accepts no more requests at the moment: try again in a while",
            None,
        ),
        (
            says("429 Slow", "{\"error\":{\"code\":\"insufficient_quota\"}}"),
            Then::Close,
            "429 unavailable: the provider's quota is used up: check its plan and billing",
            None,
        ),
        (
            says("404 No", "{\"error\":{\"code\":\"model_not_found\"}}"),
            Then::Close,
            "502 unavailable: the provider does not know the model or the address: check OPENAI_MODEL and url of [llm]",
            None,
        ),
        (
            says("400 No", "{\"error\":{\"code\":\"context_length_exceeded\"}}"),
            Then::Close,
            "413 bad_data: the question is too long for the model: start a new conversation, or lower `prompt_tokens` of [llm.limits] to fit its context",
            None,
        ),
        (
            says(
                "400 No",
                "{\"error\":{\"message\":\"the request exceeds the available context size\"}}",
            ),
            Then::Close,
            "413 bad_data: the question is too long for the model: start a new conversation, or lower `prompt_tokens` of [llm.limits] to fit its context",
            None,
        ),
        (
            says("422 No", "CANARY"),
            Then::Close,
            "502 unavailable: the provider refused the question (status 422): check model, temperature and token_field of [llm]",
            None,
        ),
        (
            reply("302 Found", "location: http://127.0.0.1:1/\r\n", ""),
            Then::Close,
            "502 unavailable: the provider answered with a redirect (status 302): configure the address that it leads to",
            None,
        ),
        (
            says("500 Oh", "CANARY"),
            Then::Close,
            "502 unavailable: the provider failed (status 500): try again in a while",
            None,
        ),
        (
            says("503 Loading", ""),
            Then::Close,
            "429 unavailable: the provider accepts no more requests at the moment: try again in a while",
            None,
        ),
        (
            reply("200 OK", "content-type: text/html\r\n", "<html>CANARY"),
            Then::Close,
            "502 unavailable: the server at the configured address does not offer the chat completions API: check url of [llm], which usually ends in /v1",
            None,
        ),
        (
            says("200 OK", "{\"choices\":[]}"),
            Then::Close,
            "502 unavailable: the server at the configured address does not offer the chat completions API: check url of [llm], which usually ends in /v1",
            None,
        ),
        (
            b"HTTP/1.1 200".to_vec(),
            Then::Close,
            "502 unavailable: the connection to the language model broke off in the middle of its answer: try again",
            None,
        ),
        (
            Vec::new(),
            Then::Reset,
            "502 unavailable: the connection to the language model broke off in the middle of its answer: try again",
            None,
        ),
        (
            Vec::new(),
            Then::Hang,
            "504 timeout: the language model sent nothing for 2s: it may be loading or overloaded; try again",
            None,
        ),
        (
            b"HTTP/1.1 500 Oh\r\ncontent-length: 9\r\n\r\n".to_vec(),
            Then::Hang,
            "502 unavailable: the provider failed (status 500): try again in a while",
            None,
        ),
    ];
    for (answer, then, expected, retry_after) in cases {
        let upstream = Scripted::start(answer, then).await;
        let idle = if then == Then::Hang { "2s" } else { "10m" };
        let server = with_model(&upstream, &format!("idle = '{idle}'")).await;
        let reply = chat(&server).await;
        assert_eq!(reply.error(), expected);
        assert_eq!(reply.field("retry-after"), retry_after, "{reply:?}");
        assert!(!format!("{reply:?}").to_lowercase().contains("canary"), "{reply:?}");
    }
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let server = serve(&format!("[llm]\nurl = 'http://{closed}/v1'\nmodel = 'm'\n")).await;
    assert_eq!(
        chat(&server).await.error(),
        "502 unavailable: the language model cannot be reached: connection refused; check url of [llm] and that it runs"
    );
}

#[tokio::test]
async fn faults_within_the_answer_are_one_last_event() {
    let a = text("a");
    let cut = "start|a|failed unavailable: the connection to the language model broke off in the middle of its answer: try again";
    let cases = [
        (format!("{a}{STOP}"), Then::Close, "start|a|end Stop 7+2"),
        (format!("{a}{}", &STOP[..78]), Then::Close, "start|a|end Stop"),
        (a.clone(), Then::Close, cut),
        (a.clone(), Then::Reset, cut),
        (format!("{a}data: {{\"choi"), Then::Close, cut),
        (
            a.clone(),
            Then::Hang,
            "start|a|failed timeout: the language model sent nothing for 2s: it may be loading or overloaded; try again",
        ),
        (
            format!("{a}data: {{\"error\":{{\"message\":\"CANARY\"}}}}\n\n{a}"),
            Then::Hang,
            "start|a|failed unavailable: the provider ended its answer with an error: try again",
        ),
        (format!("{a}{STOP}{a}"), Then::Hang, "start|a|end Stop 7+2"),
        (
            format!("{a}data: {}\n\n", "x".repeat(300_000)),
            Then::Hang,
            "start|a|failed unavailable: the provider sent more than 256 KiB in one event, which no answer needs",
        ),
        (
            "x".repeat(64 << 20),
            Then::Close,
            "start|failed unavailable: the provider sent more than 256 KiB in one event, which no answer needs",
        ),
    ];
    for (stream, then, expected) in cases {
        let upstream = Scripted::start(streamed(&stream), then).await;
        let idle = if expected.contains("for 2s") { "2s" } else { "10m" };
        let server = with_model(&upstream, &format!("idle = '{idle}'")).await;
        let reply = chat(&server).await;
        assert_eq!(told(&reply), expected);
        assert!(!reply.body.contains("CANARY"));
    }
    // A provider that never ends.
    let upstream = Scripted::start(streamed(&a), Then::Hang).await;
    let server = with_model(&upstream, "total = '2s'").await;
    let reply = told(&chat(&server).await);
    assert_eq!(
        reply,
        "start|a|failed timeout: the language model took longer than 2s: ask for less, or raise `total` of [llm.limits]"
    );
}
