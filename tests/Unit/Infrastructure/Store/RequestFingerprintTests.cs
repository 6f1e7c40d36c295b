using System.Text;
using Messaging.Contracts.Http;
using Messaging.Infrastructure.Store.Submit;

namespace Messaging.Tests.Unit.Infrastructure.Store;

public sealed class RequestFingerprintTests
{
    private static readonly SubmitTaskRequest Plain = Request("""{"a":1,"b":["x",{"c":null}],"d":"é"}""");

    [TestCase("""{"a":1,"b":["x",{"c":null}],"d":"é"}""")]
    [TestCase(""" { "d" : "\u00e9", "b":[ "x", { "c":null } ], "\u0061":1 } """)]
    public void The_same_input_in_another_notation_is_the_same(string input) =>
        Assert.That(RequestFingerprint.Of(Request(input)), Is.EqualTo(RequestFingerprint.Of(Plain)));

    [TestCase("""{"a":1.0,"b":["x",{"c":null}],"d":"é"}""")]
    [TestCase("""{"a":"1","b":["x",{"c":null}],"d":"é"}""")]
    [TestCase("""{"a":1,"b":[{"c":null},"x"],"d":"é"}""")]
    [TestCase("""{"a":1,"b":["x",{}],"d":"é"}""")]
    [TestCase("""{"a":1,"b":["x",{"c":false}],"d":"é"}""")]
    [TestCase("""{"a":1,"b":["x",{"c":null}]}""")]
    [TestCase("""{"a":1,"b":["x"],"c":null,"d":"é"}""")]
    public void Another_input_is_another_request(string input) =>
        Assert.That(RequestFingerprint.Of(Request(input)), Is.Not.EqualTo(RequestFingerprint.Of(Plain)));

    [Test]
    public void Every_option_counts_and_the_key_does_not()
    {
        var time = new DateTimeOffset(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);
        SubmitTaskRequest[] all =
        [
            Plain,
            Plain with { Kind = "other" },
            Plain with { Queue = "debug.echo" },
            Plain with { Delay = TimeSpan.FromMinutes(1) },
            Plain with { Timeout = TimeSpan.FromMinutes(1) },
            Plain with { RunAt = time },
            Plain with { Deadline = time },
            Plain with { MaxAttempts = 3 },
            Plain with { Tags = ["a", "b"] },
            Plain with { Tags = ["b", "a"] },
            Plain with { Tags = ["ab"] },
        ];

        Assert.That(all.Select(RequestFingerprint.Of), Is.Unique);
        Assert.That(RequestFingerprint.Of(Plain with { IdempotencyKey = "k" }), Is.EqualTo(RequestFingerprint.Of(Plain)));
        Assert.That(RequestFingerprint.Of(Plain with { Tags = [] }), Is.EqualTo(RequestFingerprint.Of(Plain)));
        Assert.That(
            RequestFingerprint.Of(Plain with { RunAt = time.ToOffset(TimeSpan.FromHours(5)) }), Is.EqualTo(RequestFingerprint.Of(Plain with { RunAt = time })));
    }

    [Test]
    public void Half_a_surrogate_pair_is_no_reason_to_fail() =>
        Assert.That(
            RequestFingerprint.Of(Request("""{"\ud800":"\udc00"}""")), Is.Not.EqualTo(RequestFingerprint.Of(Request("""{"\ud800":"\udc01"}"""))));

    [Test]
    public void It_stays_the_same_from_version_to_version() =>
        // A change refuses the repetitions of requests from before the deploy: never by accident.
        Assert.That(RequestFingerprint.Of(Plain), Is.EqualTo(new Guid("292b5c3c-16eb-305e-2d5f-6ccd064ccb7b")));

    private static SubmitTaskRequest Request(string input) => new() { Kind = "debug.echo", Input = new RawJson(Encoding.UTF8.GetBytes(input)) };
}
