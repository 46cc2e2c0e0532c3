//! A real server.

use super::*;

/// Against the real protocol: streaming, a limit of tokens, a stop in the middle, a context that is too small.
#[tokio::test]
async fn a_real_server_of_llama_cpp_answers() {
    let Some(llama) = Llama::start().await else { return };
    let config = |limits: &str| {
        format!("[llm]\nurl = 'http://{}'\nmodel = 'tiny'\n[llm.limits]\n{limits}\n", llama.address)
    };
    let server = serve(&config("answer_tokens = 40")).await;
    let reply = chat(&server).await;
    let all = events(&reply);
    let pieces = all.iter().filter(|event| matches!(event, ChatEvent::Text { .. })).count();
    assert!(pieces > 5 && matches!(all.first(), Some(ChatEvent::Start)), "{reply:?}");
    let Some(ChatEvent::End { usage: Some(usage), .. }) = all.last() else { panic!("{reply:?}") };
    assert!(usage.prompt_tokens > 5 && usage.answer_tokens == 40, "{usage:?}");
    assert!(reply.whole);

    // Who leaves stops the model, long before its 3,000 tokens.
    let server = serve(&config("answer_tokens = 3000\ndaily_tokens = 90000")).await;
    let mut client = ask(&server).await;
    let (mut answer, mut piece) = (String::new(), [0; 4096]);
    while answer.matches("\"event\":\"text\"").count() < 3 {
        let count = client.read(&mut piece).await.unwrap();
        assert!(count > 0, "{answer}");
        answer.push_str(&String::from_utf8_lossy(&piece[..count]));
    }
    drop(client);
    until("the model stops", async || !llama.slot().await.contains("\"is_processing\":true")).await;
    let slot = llama.slot().await;
    assert!(slot.contains("\"has_next_token\":true"), "it went on to its end: {slot}");

    // One token a byte: more than its context.
    let long =
        format!(r#"{{"messages":[{{"role":"user","content":"{}"}}]}}"#, "why ".repeat(1_400));
    let reply = server.send("POST /api/llm/chat", &[JSON], &long).await;
    assert!(
        reply.error().starts_with("413 bad_data: the question is too long for the model"),
        "{reply:?}"
    );
}
