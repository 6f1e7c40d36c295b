using Microsoft.Extensions.Hosting;

namespace Messaging.Infrastructure.Hints;

/// <summary>
/// Listens to something that is only a hint, over a connection of its own: it connects by itself, again and again, and whatever befalls it
/// touches no task on its way. What is missed meanwhile is found in the ledger, or comes by the way that keeps everything.
/// </summary>
public abstract class HintListener : BackgroundService
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.25);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _time;
    private volatile bool _connected;
    private bool _said;

    /// <summary>Idle until it is started.</summary>
    /// <param name="time">Clock for the pauses.</param>
    private protected HintListener(TimeProvider time) => _time = time;

    /// <summary>True while it hears.</summary>
    public bool IsConnected => _connected;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var pause = FirstPause; !stoppingToken.IsCancellationRequested; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            var heard = false;
            try
            {
                Say(await ListenAsync(OnListening, stoppingToken));
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                Say(e.Message);
            }
            finally
            {
                _connected = false;
            }

            if (heard)
                pause = FirstPause;
            await Task.Delay(pause, _time, stoppingToken);

            void OnListening()
            {
                (heard, _connected, _said) = (true, true, false);
                OnConnected();
            }
        }
    }

    /// <summary>Connects, and listens until the connection ends; answers why it did.</summary>
    /// <param name="connected">To be called when it hears.</param>
    /// <param name="stoppingToken">Gives up.</param>
    private protected abstract Task<string> ListenAsync(Action connected, CancellationToken stoppingToken);

    /// <summary>It hears now.</summary>
    private protected abstract void OnConnected();

    /// <summary>It hears nothing; said once for each time that the other side is away.</summary>
    private protected abstract void OnAway(string reason);

    private void Say(string reason)
    {
        if (_said)
            return;
        _said = true;
        OnAway(reason);
    }
}
