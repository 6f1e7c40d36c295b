using Messaging.Contracts.Client;
using Messaging.Contracts.Handlers;
using Messaging.Contracts.Http;
using Messaging.Contracts.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Examples;

/// <summary>The example of docs/testing.md: code that submits, and a handler, each alone.</summary>
public sealed class SignUpTests
{
    [Test]
    public async Task A_new_user_is_welcomed_once()
    {
        var client = new RecordingTaskClient();

        await new SignUp(client).RegisterAsync("ann@example.com", CancellationToken.None);
        await new SignUp(client).RegisterAsync("ann@example.com", CancellationToken.None);

        var task = client.SubmittedOf<SendWelcome>().Single();
        Assert.That(task.Input<SendWelcome>().Address, Is.EqualTo("ann@example.com"));
        Assert.That(task.Options.Tags, Does.Contain("sign-up"));
    }

    [Test]
    public void The_client_is_one_of_the_services()
    {
        const string key = "msg_k3v9m2x7qa_and_its_secret";
        var services = new ServiceCollection();

        services.AddMessagingClient(options =>
        {
            options.BaseAddress = new Uri("http://127.0.0.1:8080");
            options.ApiKey = key;
        });

        using var provider = services.BuildServiceProvider();
        Assert.That(provider.GetRequiredService<ITaskClient>(), Is.InstanceOf<HttpTaskClient>());
    }

    [Test]
    public async Task An_unknown_address_is_no_error_of_ours()
    {
        var client = new RecordingTaskClient();
        var seen = new List<double>();
        var registering = new SignUp(client).RegisterAndWaitAsync("nobody@example.com", seen.Add, CancellationToken.None);

        var task = client.Submitted.Single();
        task.Report(50, "connected");
        task.Fail("There is no such mailbox.", "no-such-mailbox");

        Assert.That(await registering, Is.EqualTo("unknown address"));
        Assert.That(seen, Is.EqualTo(new[] { 50.0 }));
    }

    [Test]
    public async Task A_full_queue_refuses_one_of_two()
    {
        var client = new RecordingTaskClient();
        client.RefuseNext(new Problem { Type = ProblemTypes.QueueFull, Title = "Queue full", Status = 429 });

        Assert.That(await new SignUp(client).InviteAllAsync(["ann@example.com", "bob@example.com"], CancellationToken.None), Is.EqualTo(1));
    }

    [Test]
    public async Task The_handler_says_how_far_it_is()
    {
        using var context = new TestTaskContext(attempt: 2);

        var result = await context.RunAsync(new SendWelcomeHandler(), new SendWelcome("ann@example.com"));

        Assert.That(result.Receipt, Is.EqualTo("250 OK ann@example.com"));
        Assert.That(context.Progress.Single().Percent, Is.EqualTo(50));
    }

    [Test]
    public void A_bad_address_is_not_tried_again()
    {
        using var context = new TestTaskContext();
        Assert.That(
            async () => await context.RunAsync(new SendWelcomeHandler(), new SendWelcome("ann")), Throws.InstanceOf<NonRetryableException>());
    }

    private sealed class SendWelcomeHandler : ITaskHandler<SendWelcome, SendWelcomeResult>
    {
        public Task<SendWelcomeResult> HandleAsync(SendWelcome input, TaskContext context, CancellationToken cancellationToken)
        {
            context.ReportProgress(50, "connected");
            return input.Address.Contains('@', StringComparison.Ordinal)
                ? Task.FromResult(new SendWelcomeResult($"250 OK {input.Address}"))
                : throw new NonRetryableException("That is no address.", code: "no-such-mailbox");
        }
    }
}
