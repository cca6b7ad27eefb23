//! Upstreams that fail, in every way in which they do, and what becomes of the request: another upstream
//! answers as long as nothing has gone out; afterwards the client is told, and it is noted.

use std::time::{Duration, SystemTime};

use crate::support::{
    gateway::{Gateway, with},
    upstream::{Ending, Script, Upstream, events, exception, frame, sse},
};

const STREAMED: &str = r#"{"model":"claude-opus-5-5","stream":true,"messages":[]}"#;
const WHOLE: &str = r#"{"model":"claude-opus-5-5","messages":[]}"#;
const START: &str = r#"{"type":"message_start","message":{"usage":{"input_tokens":3}}}"#;
const STOP: &str = r#"{"type":"message_stop"}"#;
const ANSWER: &str = r#"{"type":"message","usage":{"input_tokens":1,"output_tokens":2}}"#;
const OVERLOADED: &str =
    r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;

const ANTHROPIC: &str = "/v1/messages";
const BEDROCK: &str = "/model/us.anthropic.claude-opus-5-5/invoke-with-response-stream";

/// Nothing is waited for longer than a second.
const IMPATIENT: &str = "failover: {silence_seconds: 1}\n";

/// What a bad upstream alone makes of a request, by status.
async fn alone(kind: &str, script: Script, body: &str) -> (u16, String) {
    let bad = Upstream::start(vec![script]).await;
    let gateway = Gateway::start(&format!("{IMPATIENT}{}", with(&[(kind, &bad.url)])));
    let answer = gateway.post(ANTHROPIC, body).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn what_fails_before_the_first_event_is_passed_over() {
    let mut wrong = frame(START).to_vec();
    *wrong.last_mut().unwrap() ^= 1;
    let huge = vec![0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
    let frames = |bytes: Vec<u8>| Script::raw_frames(vec![bytes.into()]);
    for (why, kind, script) in [
        ("was cut", "anthropic", Script::sse(&[START]).ending(Ending::CutBefore)),
        ("in time", "anthropic", Script::sse(&[START]).ending(Ending::SilenceBefore)),
        ("did not begin", "anthropic", Script::sse(&[]).ending(Ending::Silence)),
        ("is empty", "anthropic", Script::sse(&[])),
        ("before its first event", "bedrock", frames(frame(START)[..20].to_vec())),
        ("checksum is wrong", "bedrock", frames(wrong)),
        // Its length alone is enough: the rest is not waited for.
        ("length is none", "bedrock", frames(huge).ending(Ending::Silence)),
        ("answered 302", "anthropic", Script::json(302, "{}").header("location", "/elsewhere")),
        ("`text/html`", "anthropic", Script::of_type(200, "text/html", "<p>sign in</p>")),
        ("`application/json`", "anthropic", Script::json(200, ANSWER)),
        ("compressed", "anthropic", Script::sse(&[START]).header("content-encoding", "gzip")),
        ("500: ", "anthropic", Script::json(500, "{}")),
        ("529: Overloaded", "anthropic", Script::sse(&[OVERLOADED])),
        (
            "429: too many",
            "bedrock",
            Script::raw_frames(vec![exception("throttlingException", "too many")]),
        ),
    ] {
        let bad = Upstream::start(vec![script]).await;
        let good = Upstream::start(vec![Script::sse(&[START, STOP])]).await;
        let upstreams = [(kind, bad.url.as_str()), ("anthropic", &good.url)];
        let gateway = Gateway::start(&format!("{IMPATIENT}{}", with(&upstreams)));
        let answer = gateway.post(ANTHROPIC, STREAMED).send().await.unwrap();
        assert_eq!(answer.bytes().await.unwrap(), [sse(START), sse(STOP)].concat(), "{why}");
        let record = gateway.recorded(1).await.remove(0);
        assert_eq!((&record["tries"], &record["end"]), (&2.into(), &"done".into()), "{why}");
        assert_eq!(bad.asked().len(), 1, "{why}");
        // What it was is on record where nobody else could answer.
        let bad_alone = Gateway::start(&format!("{IMPATIENT}{}", with(&upstreams[..1])));
        let answer = bad_alone.post(ANTHROPIC, STREAMED).send().await.unwrap();
        assert!(answer.status().is_server_error() || answer.status() == 429, "{why}");
        if answer.status() == 503 {
            assert_eq!(answer.headers()["x-should-retry"], "true", "{why}");
            let record = bad_alone.recorded(1).await.remove(0);
            let said = record["why"].as_str().unwrap().to_owned();
            assert!(said.contains(why) || why == "was cut", "{why}: {said}");
        }
    }
}

#[tokio::test]
async fn a_whole_answer_that_is_none_is_passed_over() {
    for script in [
        Script::of_type(200, "text/html", "<p>sign in</p>"),
        Script::json(200, ""),
        Script::json(200, ANSWER).header("content-encoding", "br"),
        Script::sse(&[START]),
        Script::json(200, "{").ending(Ending::Silence),
    ] {
        assert_eq!(alone("anthropic", script.clone(), WHOLE).await.0, 503, "{script:?}");
        let bad = Upstream::start(vec![script]).await;
        let good = Upstream::start(vec![Script::json(200, ANSWER)]).await;
        let upstreams = with(&[("anthropic", &bad.url), ("anthropic", &good.url)]);
        let gateway = Gateway::start(&format!("{IMPATIENT}{upstreams}"));
        let answer = gateway.post(ANTHROPIC, WHOLE).send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), ANSWER);
    }
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    let elsewhere = Upstream::start(vec![Script::sse(&[START])]).await;
    let location = format!("{}/v1/messages", elsewhere.url);
    for status in [301, 307, 308] {
        let script = Script::json(status, "{}").header("location", &location);
        assert_eq!(alone("anthropic", script, STREAMED).await.0, 503);
    }
    assert!(elsewhere.asked().is_empty());
}

/// Who asks to be left alone, by seconds or by a date, is left alone, and its words reach the client.
#[tokio::test]
async fn an_upstream_that_is_asked_too_much_rests_for_as_long_as_it_says() {
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_hours(1));
    for after in ["3600", &date] {
        let throttled =
            Script::json(429, r#"{"message":"slow down"}"#).header("retry-after", after);
        let bad = Upstream::start(vec![throttled]).await;
        let gateway = Gateway::start(&with(&[("anthropic", &bad.url)]));
        let answer = gateway.post(ANTHROPIC, WHOLE).send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["retry-after"]),
            (429, &after.parse().unwrap())
        );
        assert!(answer.text().await.unwrap().contains("slow down"));
        let good = Upstream::start(vec![Script::json(200, ANSWER)]).await;
        let gateway = Gateway::start(&with(&[("anthropic", &bad.url), ("anthropic", &good.url)]));
        for _ in 0..3 {
            assert_eq!(gateway.post(ANTHROPIC, WHOLE).send().await.unwrap().status(), 200);
        }
        assert_eq!(
            (bad.asked().len(), good.asked().len()),
            (2, 3),
            "it was asked once by each gateway"
        );
    }
}

/// A change of something else in the file is no reason to go to it again.
#[tokio::test]
async fn a_target_that_rests_goes_on_resting_when_the_file_changes() {
    let throttled = Script::json(429, "{}").header("retry-after", "3600");
    let bad = Upstream::start(vec![throttled]).await;
    let good = Upstream::start(vec![Script::json(200, ANSWER)]).await;
    let config = with(&[("anthropic", &bad.url), ("anthropic", &good.url)]);
    let gateway = Gateway::start(&config);
    assert_eq!(gateway.post(ANTHROPIC, WHOLE).send().await.unwrap().status(), 200);
    gateway.rewrite(&config.replace("[fast]", "[fast, other]"));
    gateway.until("has changed, and is taken up");
    assert_eq!(gateway.post(ANTHROPIC, WHOLE).send().await.unwrap().status(), 200);
    assert_eq!((bad.asked().len(), good.asked().len()), (1, 2));
    // Another service of the same name is another one.
    let fresh = Upstream::start(vec![Script::json(200, ANSWER)]).await;
    gateway.rewrite(&config.replace(&bad.url, &fresh.url));
    gateway.until("has changed, and is taken up");
    assert_eq!(gateway.post(ANTHROPIC, WHOLE).send().await.unwrap().status(), 200);
    assert_eq!((fresh.asked().len(), good.asked().len()), (1, 2));
}

#[tokio::test]
async fn what_breaks_off_within_an_answer_is_told_in_the_clients_form() {
    let mut wrong = frame(STOP).to_vec();
    *wrong.last_mut().unwrap() ^= 1;
    let frames = |second: Vec<u8>| Script::raw_frames(vec![frame(START), second.into()]);
    for (why, kind, script) in [
        ("silent for too long", "anthropic", Script::sse(&[START]).ending(Ending::Silence)),
        ("silent for too long", "bedrock", Script::frames(&[START]).ending(Ending::Silence)),
        ("ended in mid-event", "bedrock", frames(frame(STOP)[..20].to_vec())),
        ("checksum is wrong", "bedrock", frames(wrong)),
        ("length is none", "bedrock", frames(vec![0xff; 8]).ending(Ending::Silence)),
    ] {
        let fake = Upstream::start(vec![script]).await;
        let gateway = Gateway::start(&format!("{IMPATIENT}{}", with(&[(kind, &fake.url)])));
        let text = gateway.post(ANTHROPIC, STREAMED).send().await.unwrap().text().await.unwrap();
        let (begun, rest) = text.split_once("event: error\n").unwrap();
        assert!(begun.contains("message_start") && rest.contains(why), "{why} in {text}");
        let got = gateway.post(BEDROCK, WHOLE).send().await.unwrap().bytes().await.unwrap();
        let end = String::from_utf8_lossy(&got).into_owned();
        assert!(end.contains("modelStreamErrorException") && end.contains(why), "{why}: {end}");
        for record in gateway.recorded(2).await {
            assert_eq!((&record["end"], &record["tokens"]["input"]), (&"broken".into(), &3.into()));
            assert!(record["why"].as_str().unwrap().contains(why));
        }
    }
}

/// Detail 10: what an upstream tells of its own failing is relayed once, in the client's form.
#[tokio::test]
async fn an_error_within_an_answer_is_relayed_and_noted() {
    let fake = Upstream::start(vec![Script::sse(&[START, OVERLOADED])]).await;
    let gateway = Gateway::start(&with(&[("anthropic", &fake.url)]));
    let answer = gateway.post(ANTHROPIC, STREAMED).send().await.unwrap();
    assert_eq!(answer.bytes().await.unwrap(), [sse(START), sse(OVERLOADED)].concat());
    let got = gateway.post(BEDROCK, WHOLE).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(events(&got), [START, r#"{"message":"Overloaded"}"#]);
    assert!(String::from_utf8_lossy(&got).contains("serviceUnavailableException"));
    for record in gateway.recorded(2).await {
        assert_eq!((&record["end"], &record["why"]), (&"broken".into(), &"Overloaded".into()));
    }
    let told = exception("throttlingException", "arn:aws:iam::123456789012:role/R is slow");
    let fake = Upstream::start(vec![Script::raw_frames(vec![frame(START), told.clone()])]).await;
    let gateway = Gateway::start(&with(&[("bedrock", &fake.url)]));
    let text = gateway.post(ANTHROPIC, STREAMED).send().await.unwrap().text().await.unwrap();
    assert!(text.contains("throttlingException: (an ARN) is slow"), "{text}");
    let got = gateway.post(BEDROCK, WHOLE).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(got, [frame(START), told].concat());
    for record in gateway.recorded(2).await {
        assert_eq!(record["end"], "broken");
        assert!(!record.to_string().contains("123456789012"), "{record}");
    }
}

/// A text that speaks of errors is none.
#[tokio::test]
async fn what_a_model_says_of_errors_is_an_answer() {
    let text = r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"{\"type\":\"error\"}"}}"#;
    let input = r#"{"type":"content_block_start","content_block":{"input":{"error":"error"}}}"#;
    let fake = Upstream::start(vec![Script::sse(&[text, input])]).await;
    let gateway = Gateway::start(&with(&[("anthropic", &fake.url)]));
    let answer = gateway.post(ANTHROPIC, STREAMED).send().await.unwrap();
    assert_eq!(answer.bytes().await.unwrap(), [sse(text), sse(input)].concat());
    assert_eq!(gateway.recorded(1).await[0]["end"], "done");
}
