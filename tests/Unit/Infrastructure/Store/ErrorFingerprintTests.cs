using System.Text.Json;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Finish;

namespace Messaging.Tests.Unit.Infrastructure.Store;

public sealed class ErrorFingerprintTests
{
    private const string Stack = """
        System.InvalidOperationException: It broke.
           at System.Threading.Tasks.Task.ThrowIfExceptional(Boolean includeTaskCanceledExceptions)
           at Shop.Mail.SendHandler.<>c__DisplayClass3_0.<RunAsync>b__1(String to) in /src/shop/SendHandler.cs:line 42
           at Shop.Mail.SendHandler.RunAsync(SendMail input)
        """;

    [TestCase("Order 17 was not found.", "Order 12345 was not found.")]
    [TestCase("Took 1.5 s, allowed 1.25", "Took 12 s, allowed 0,5")]
    [TestCase("User 0198a7c4-1f6e-7000-8000-000000000001 is gone", "User A198A7C4-1F6E-7000-8000-00000000000F is gone")]
    [TestCase("Could not open 'a.txt'", "Could not open 'some other.txt'")]
    [TestCase("Couldn't open \"a\" because it isn't there", "Couldn't open \"bb\" because it isn't there")]
    [TestCase("Address 0x7ffe is bad", "Address 0xDEADBEEF is bad")]
    [TestCase("Checksum 9f86d081884c7d65 differs", "Checksum 60303ae22b998861bce3 differs")]
    [TestCase("Late since 2026-01-02T03:04:05.678Z", "Late since 2027-11-12 13:14:15+02:00")]
    [TestCase("GET https://shop.example/orders/ab?x=y answered 500", "GET https://shop.example/carts answered 503")]
    [TestCase("Two  blanks\nand a line", "two blanks and a LINE")]
    [TestCase("worker-3 is away", "worker-12 is away")]
    public void What_varies_from_task_to_task_does_not_count(string one, string other) =>
        Assert.That(Of(one), Is.EqualTo(Of(other)), $"{ErrorFingerprint.Normalise(one)} | {ErrorFingerprint.Normalise(other)}");

    [TestCase("It doesn't work and can't", "It doesn't help and can't")]
    [TestCase("GET https://one.example/a failed", "GET https://two.example/a failed")]
    [TestCase("Not found", "Not allowed")]
    [TestCase("The face is bad", "The cafe is bad")]
    public void What_tells_causes_apart_does(string one, string other) => Assert.That(Of(one), Is.Not.EqualTo(Of(other)));

    [Test]
    public void Kind_code_exception_and_frame_count()
    {
        var failure = new TaskFailure("handler-error", "It broke.", true, Details("System.Exception", Stack));
        string[] all =
        [
            ErrorFingerprint.Of("a", failure),
            ErrorFingerprint.Of("b", failure),
            ErrorFingerprint.Of("a", failure with { Code = "timeout" }),
            ErrorFingerprint.Of("a", failure with { Details = Details("System.IO.IOException", Stack) }),
            ErrorFingerprint.Of("a", failure with { Details = Details("System.Exception", Stack.Replace("Mail", "Post", StringComparison.Ordinal)) }),
            ErrorFingerprint.Of("a", failure with { Details = null }),
        ];

        Assert.That(all, Is.Unique);
        Assert.That(all, Has.All.Matches<string>(ErrorFingerprint.IsFingerprint));
    }

    [Test]
    public void The_frame_is_the_first_of_the_handlers_own_without_lines_and_counters()
    {
        Assert.That(ErrorFingerprint.TopFrame(Stack), Is.EqualTo("Shop.Mail.SendHandler.<>c__DisplayClass<n>_<n>.<RunAsync>b__<n>"));
        Assert.That(ErrorFingerprint.TopFrame("   at System.A.B(C c)\n   at Microsoft.D.E()"), Is.EqualTo("System.A.B"));
        Assert.That(ErrorFingerprint.TopFrame("no stack"), Is.Empty);
    }

    /// <summary>Written down, because every process must come to the same, and a change starts new groups.</summary>
    [Test]
    public void The_same_failure_has_the_same_fingerprint_for_ever() =>
        Assert.That(
            ErrorFingerprint.Of("mail.send", new TaskFailure("handler-error", "Order 17 was not found.", true, Details("Shop.NotFound", Stack))),
            Is.EqualTo("555c74f219d849e5"));

    [Test]
    public void Details_of_any_shape_are_taken() =>
        Assert.That(
            ErrorFingerprint.Of("a", new TaskFailure("x", "m", false, JsonSerializer.SerializeToElement(new { exception = 1, stack = new[] { 2 } }))),
            Is.EqualTo(ErrorFingerprint.Of("a", new TaskFailure("x", "m", false, JsonSerializer.SerializeToElement("text")))));

    private static string Of(string message) => ErrorFingerprint.Of("mail.send", new TaskFailure("handler-error", message, true));

    private static JsonElement Details(string exception, string stack) => JsonSerializer.SerializeToElement(new { exception, stack });
}
