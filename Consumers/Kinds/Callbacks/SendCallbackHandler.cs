using System.Text.Json;
using Messaging.Consumers.Runtime;
using Messaging.Contracts.Callbacks;
using Messaging.Contracts.Handlers;
using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;
using Messaging.Infrastructure.Callbacks;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Connections;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Messaging.Consumers.Kinds.Callbacks;

/// <summary>
/// Runs <c>messaging.callback</c>: one request an attempt, noted in the delivery's log. 2xx ends it well; everything else is tried again by the schedule of
/// <see cref="CallbackOptions.Retries"/>, but for 410 and endpoints that are gone or disabled. Trouble with the ledger is no attempt.
/// </summary>
internal sealed class SendCallbackHandler(
    CallbackDeliveries deliveries,
    EndpointStore endpoints,
    CallbackClient client,
    ReceiverPlaces places,
    CallbackMeter meter,
    IOptions<CallbackOptions> options,
    LedgerClock clock,
    ILogger<SendCallbackHandler> log)
    : ITaskHandler<SendCallback, SendCallbackResult>, IHandlerServices
{
    // What no setting allows, so that trying again is pointless; the rest is judged at each connection.
    private static readonly CallbackOptions Everything = new() { AllowLoopback = true, AllowPrivate = true };

    // Chance adds so much to a delay, so that those which failed together do not come together.
    private const double Jitter = 0.1;

    /// <inheritdoc/>
    public static void AddServices(IServiceCollection services, IConfiguration configuration)
    {
        services.AddCallbacks(configuration);
        services.AddMetrics();
        services.TryAddSingleton<CallbackMeter>();
        services.TryAddSingleton(provider => new CallbackClient(
            provider.GetRequiredService<IOptions<CallbackOptions>>(), provider.GetRequiredService<LedgerClock>(), provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(provider => new ReceiverPlaces(
            provider.GetRequiredService<IOptions<CallbackOptions>>().Value.PerReceiver,
            provider.GetRequiredService<WorkerOptions>().CallbackConcurrency,
            provider.GetRequiredService<TimeProvider>()));
    }

    /// <inheritdoc/>
    /// <exception cref="NonRetryableException">It was given up.</exception>
    /// <exception cref="RetryAfterException">It is tried again.</exception>
    /// <exception cref="SnoozeException">The receiver has as many requests as it may.</exception>
    /// <exception cref="LedgerUnavailableException">The ledger is away.</exception>
    public async Task<SendCallbackResult> HandleAsync(SendCallback input, TaskContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(context);
        try
        {
            return await SendAsync(input.TaskId, context, cancellationToken);
        }
        catch (Exception e) when (LedgerErrors.IsTransient(e))
        {
            throw new LedgerUnavailableException($"The ledger could not be asked for a callback: {e.Message}", e);
        }
        catch (Exception e) when (e is not (TaskOutcomeException or OperationCanceledException or LedgerUnavailableException))
        {
            // A fault of ours; not a hundred times in a row.
            throw Failed(context, $"It could not be sent: {e.Message}", TimeSpan.Zero, e);
        }
    }

    private async Task<SendCallbackResult> SendAsync(Guid taskId, TaskContext context, CancellationToken cancellationToken)
    {
        var delivery = await deliveries.LoadAsync(taskId, context.TaskId, options.Value.LargestResult, cancellationToken)
            ?? throw new NonRetryableException("The task that it is about was removed.", CallbackFailures.Removed);
        if (delivery is { IsTest: false, Task: null })
            throw new NonRetryableException("The task that it is about was removed.", CallbackFailures.Removed);
        if (Refusal(delivery) is (var code, var refusal))
        {
            await LogAsync(taskId, context, new CallbackAttempt(clock.Now, 0, TimeSpan.Zero, null, refusal), cancellationToken);
            throw new NonRetryableException($"It was not sent: {refusal}.", code);
        }

        var url = new Uri(delivery.Target.Url!);
        CallbackAnswer answer;
        using (await places.EnterAsync(url.Authority, cancellationToken))
            answer = await client.SendAsync(url, delivery.WebhookId, Body(delivery), delivery.Secrets, cancellationToken);
        meter.Sent(answer.Attempt.Duration, answer.Attempt.Status, taken: answer.Attempt.Error is null);
        await LogAsync(taskId, context, answer.Attempt, cancellationToken);
        return answer.Attempt switch
        {
            { Error: null, Status: { } status } => new SendCallbackResult(status, delivery.WebhookId),
            { Status: StatusCodes.Status410Gone } => throw await GoneAsync(context, delivery.Target, cancellationToken),
            var failed => throw Failed(context, $"The receiver {url.Authority} did not take it: {failed.Error}.", answer.RetryAfter ?? TimeSpan.Zero),
        };
    }

    private static (string Code, string Detail)? Refusal(CallbackDelivery delivery) => delivery.Target switch
    {
        { Endpoint: { } name, Url: null } => (CallbackFailures.UnknownEndpoint, $"there is no endpoint '{name}'"),
        { Endpoint: { } name, IsDisabled: true } when !delivery.IsTest => (CallbackFailures.EndpointDisabled, $"the endpoint '{name}' is disabled"),
        { Url: { } url } when CallbackUrl.Refusal(url, Everything) is { } refusal => (CallbackFailures.BadAddress, $"its address can't be: {refusal.TrimEnd('.')}"),
        _ => null,
    };

    /// <summary>The same bytes in every delivery of a message, as long as <see cref="CallbackOptions.LargestResult"/> stays as it is.</summary>
    private static byte[] Body(CallbackDelivery delivery) => delivery.IsTest
        ? JsonSerializer.SerializeToUtf8Bytes(
            new CallbackTestMessage(CallbackEventNames.Test, delivery.Happened, new CallbackTestData(delivery.Target.Endpoint!)), HttpJson.Options)
        : JsonSerializer.SerializeToUtf8Bytes(
            new CallbackMessage(CallbackEventNames.Of(delivery.Task!.State), delivery.Happened, delivery.Task), HttpJson.Options);

    private Task LogAsync(Guid taskId, TaskContext context, CallbackAttempt attempt, CancellationToken cancellationToken) =>
        deliveries.LogAsync(taskId, context.TaskId, attempt with { Attempt = context.Attempt }, cancellationToken);

    private async Task<TaskOutcomeException> GoneAsync(TaskContext context, CallbackTarget target, CancellationToken cancellationToken)
    {
        if (target.Endpoint is { } name)
        {
            if (await endpoints.DisableGoneAsync(name, target.Url!, cancellationToken))
                log.EndpointGone(name);
            else if (await endpoints.FindAsync(name, cancellationToken) is { } now && now.Url != target.Url)
                return Failed(context, $"The address that the endpoint '{name}' had answered 410; it has another one by now.", TimeSpan.Zero);
        }

        return new NonRetryableException("The receiver answered 410: it wants no more.", CallbackFailures.Gone);
    }

    /// <summary>The next attempt, not before the schedule and the receiver allow it; or the end.</summary>
    private TaskOutcomeException Failed(TaskContext context, string message, TimeSpan retryAfter, Exception? cause = null)
    {
        var schedule = options.Value.Schedule!;
        if (context.Attempt > schedule.Count || context.Attempt >= context.MaxAttempts)
            return new NonRetryableException($"{message} It was given up after {context.Attempt} attempts.", CallbackFailures.NotTaken, cause);
        var delay = schedule[context.Attempt - 1] * (1 + (Random.Shared.NextDouble() * Jitter));
        return new RetryAfterException(delay > retryAfter ? delay : retryAfter, message, CallbackFailures.NotTaken, cause);
    }
}
