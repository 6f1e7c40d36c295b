using System.Diagnostics;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>
/// Calls at an even pace, whatever becomes of the calls, within about a millisecond of the moment that each is due. On a thread of its
/// own: the runtime's timers go by a clock that steps by 4 ms on many kernels, and wait for a free thread of the pool.
/// </summary>
internal static class EvenPace
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(1);

    /// <summary>Returns after the last call.</summary>
    /// <param name="calls">How many.</param>
    /// <param name="rate">A second.</param>
    /// <param name="call">Must return soon; gets the index and the <see cref="Stopwatch"/> timestamp at which it was due.</param>
    public static Task CallAsync(int calls, double rate, Action<int, long> call)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(Run) { IsBackground = true, Name = "pace" }.Start();
        return done.Task;

        void Run()
        {
            try
            {
                using var never = new ManualResetEventSlim(initialState: false, spinCount: 0);
                var began = Stopwatch.GetTimestamp();
                for (var i = 0; i < calls; i++)
                {
                    var due = began + (long)(i / rate * Stopwatch.Frequency);
                    while (Stopwatch.GetTimestamp() < due)
                        never.Wait(Step);
                    call(i, due);
                }

                done.SetResult();
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        }
    }
}
