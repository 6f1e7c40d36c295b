using System.Diagnostics;

namespace Messaging.Infrastructure.Faults;

/// <summary>
/// The crash points of one task's life. A test starts a process with <c>MESSAGING_FAULT=name[:n]</c> and it dies there,
/// by SIGKILL, the n-th time it comes by (default: the first). Without the variable a point costs one comparison.
/// </summary>
public static class FaultPoint
{
    /// <summary>The idempotency keys of a batch are taken, nothing is committed.</summary>
    public const string AfterKeys = "after-keys";

    /// <summary>Tasks and outbox rows are committed, the relay does not have them yet.</summary>
    public const string AfterCommit = "after-commit";

    /// <summary>The broker has confirmed, the outbox row is still there.</summary>
    public const string AfterConfirm = "after-confirm";

    /// <summary>An express copy has been sent, the outbox row is still there, nothing else of it was published.</summary>
    public const string AfterExpress = "after-express";

    /// <summary>The claim is committed, the handler has not started.</summary>
    public const string AfterClaim = "after-claim";

    /// <summary>The handler runs.</summary>
    public const string InHandler = "in-handler";

    /// <summary>The handler has returned, nothing is recorded.</summary>
    public const string AfterHandler = "after-handler";

    /// <summary>The outcome is committed, the delivery is not acknowledged.</summary>
    public const string AfterFinish = "after-finish";

    /// <summary>Tasks are being handed back: their outbox rows are committed, the delivery is not acknowledged.</summary>
    public const string DuringHandBack = "during-hand-back";

    private static readonly string? Armed = Environment.GetEnvironmentVariable("MESSAGING_FAULT")?.Split(':')[0];
    private static int _passesLeft = Passes(Environment.GetEnvironmentVariable("MESSAGING_FAULT"));

    /// <summary>Dies here if this point is armed.</summary>
    public static void Reached(string point)
    {
        if (Armed is null || Armed != point || Interlocked.Decrement(ref _passesLeft) > 0)
            return;
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }

    private static int Passes(string? setting) =>
        setting?.Split(':') is [_, var n] && int.TryParse(n, System.Globalization.CultureInfo.InvariantCulture, out var passes) ? passes : 1;
}
