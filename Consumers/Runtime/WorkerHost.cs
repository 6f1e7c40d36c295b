using Messaging.Infrastructure.Broker;
using Messaging.Infrastructure.Clients;
using Microsoft.Extensions.Options;

namespace Messaging.Consumers.Runtime;

/// <summary>Runs a worker's host to its end and says how it went as an exit code.</summary>
public static class WorkerHost
{
    private const int MostComputing = 8; // slots per processor

    /// <summary>Checks all settings, then runs until the process is told to stop.</summary>
    /// <returns>0: it was told to stop, and did; 1: it could not start or go on, or found itself cut off from its work, and the reason stands on the error output.</returns>
    /// <exception cref="OptionsValidationException">A setting is missing or out of its bounds; nothing was started.</exception>
    public static async Task<int> RunAsync(IHost host)
    {
        ArgumentNullException.ThrowIfNull(host);
        ClientTimers.KeepFromEndingTheProcess();
        KeepThreadsForOurselves(host.Services.GetService<WorkerOptions>());
        var lifetime = host.Services.GetRequiredService<IHostApplicationLifetime>();
        CheckSettings(host.Services);
        try
        {
            var end = host.Services.GetService<ProcessEnd>();
            await host.RunAsync();
            if (end?.Reason is not { } reason)
                return 0;
            await Console.Error.WriteLineAsync($"The worker ended itself: {reason}.");
            return 1;
        }
        catch (OperationCanceledException) when (!lifetime.ApplicationStarted.IsCancellationRequested)
        {
            return 0; // told to stop while it still waited for the ledger
        }
        catch (Exception e)
        {
            await Console.Error.WriteLineAsync($"The worker failed: {e}");
            return 1;
        }
    }

    /// <summary>
    /// A worker with a few slots per processor is one whose handlers compute and never let go of their threads. The pool must not need seconds to
    /// give claims, hand-backs and timers a thread beside those; with many slots handlers wait for others, and more threads would only cost.
    /// </summary>
    private static void KeepThreadsForOurselves(WorkerOptions? options)
    {
        ThreadPool.GetMinThreads(out var threads, out var completions);
        if (options?.Concurrency is { } slots && slots <= MostComputing * Environment.ProcessorCount)
            ThreadPool.SetMinThreads(Math.Max(threads, slots + Environment.ProcessorCount), completions);
    }

    /// <summary>What the host itself does at its start, but before anything else does, so that a wrong setting is all that is said.</summary>
    private static void CheckSettings(IServiceProvider services)
    {
        try
        {
            services.GetService<IStartupValidator>()?.Validate();
        }
        catch (AggregateException several)
        {
            var faults = several.Flatten().InnerExceptions.OfType<OptionsValidationException>().SelectMany(fault => fault.Failures);
            throw new OptionsValidationException("Messaging", typeof(WorkerOptions), faults);
        }
    }
}
