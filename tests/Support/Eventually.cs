using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Messaging.Tests.Support;

/// <summary>
/// Awaits a condition on something that gives no signal of its own (a server's port, a row written by another process).
/// The one place in the tests that polls.
/// </summary>
public static class Eventually
{
    /// <summary>How long a condition may take when a caller names no limit.</summary>
    public static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Reads a value again and again until it is accepted, and returns it.</summary>
    /// <param name="read">Reads the current value. An exception counts as "not yet" and is kept for the message.</param>
    /// <param name="accept">Whether this value is the one waited for.</param>
    /// <param name="limit">How long to go on; <see cref="DefaultLimit"/> when not given.</param>
    /// <param name="cancellationToken">Ends the wait early.</param>
    /// <param name="readText">Filled in by the compiler.</param>
    /// <param name="acceptText">Filled in by the compiler.</param>
    /// <exception cref="TimeoutException">The limit passed; says what was waited for and what was seen last.</exception>
    public static async Task<T> GetAsync<T>(
        Func<CancellationToken, Task<T>> read,
        Func<T, bool> accept,
        TimeSpan? limit = null,
        CancellationToken cancellationToken = default,
        [CallerArgumentExpression(nameof(read))] string readText = "",
        [CallerArgumentExpression(nameof(accept))] string acceptText = "")
    {
        ArgumentNullException.ThrowIfNull(read);
        ArgumentNullException.ThrowIfNull(accept);
        var allowed = limit ?? DefaultLimit;
        var watch = Stopwatch.StartNew();
        var pause = FirstPause;
        for (var tries = 1; ; tries++)
        {
            string seen;
            Exception? error = null;
            using var readLimit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            readLimit.CancelAfter(Later(allowed - watch.Elapsed, TimeSpan.FromSeconds(1)));
            try
            {
                var value = await read(readLimit.Token);
                if (accept(value))
                    return value;
                seen = value?.ToString() ?? "null";
            }
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
            {
                error = failure;
                seen = $"{failure.GetType().Name}: {failure.Message}";
            }

            if (watch.Elapsed >= allowed)
            {
                throw new TimeoutException(
                    $"Not within {allowed.TotalSeconds:0.#} s ({tries} tries): {acceptText} of {readText}. Seen last: {seen}", error);
            }

            await Task.Delay(pause, TimeProvider.System, cancellationToken);
            pause = Earlier(pause * 1.5, LongestPause);
        }
    }

    /// <inheritdoc cref="GetAsync{T}(Func{CancellationToken, Task{T}}, Func{T, bool}, TimeSpan?, CancellationToken, string, string)"/>
    public static Task<T> GetAsync<T>(
        Func<T> read,
        Func<T, bool> accept,
        TimeSpan? limit = null,
        CancellationToken cancellationToken = default,
        [CallerArgumentExpression(nameof(read))] string readText = "",
        [CallerArgumentExpression(nameof(accept))] string acceptText = "")
        => GetAsync(_ => Task.FromResult(read()), accept, limit, cancellationToken, readText, acceptText);

    /// <summary>Awaits that a condition holds.</summary>
    /// <inheritdoc cref="GetAsync{T}(Func{CancellationToken, Task{T}}, Func{T, bool}, TimeSpan?, CancellationToken, string, string)"/>
    public static Task TrueAsync(
        Func<bool> read,
        TimeSpan? limit = null,
        CancellationToken cancellationToken = default,
        [CallerArgumentExpression(nameof(read))] string readText = "")
        => GetAsync(_ => Task.FromResult(read()), holds => holds, limit, cancellationToken, readText, "true");

    /// <inheritdoc cref="TrueAsync(Func{bool}, TimeSpan?, CancellationToken, string)"/>
    public static Task TrueAsync(
        Func<CancellationToken, Task<bool>> read,
        TimeSpan? limit = null,
        CancellationToken cancellationToken = default,
        [CallerArgumentExpression(nameof(read))] string readText = "")
        => GetAsync(read, holds => holds, limit, cancellationToken, readText, "true");

    private static TimeSpan Later(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static TimeSpan Earlier(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
