using System.Text;
using Messaging.Tests.Support.Faults;

namespace Messaging.Tests.Integration.Client;

/// <summary>
/// The network between a client and its Producer that breaks once after a request was served: everything arrives and is done, and the answer, or what of it
/// is behind a text, is lost with the connection.
/// </summary>
internal sealed class LostAnswer : IAsyncDisposable
{
    private readonly TcpProxy _proxy;
    private readonly byte[] _text;
    private readonly bool _beginningPasses;
    private int _lost;

    /// <summary>Stands in front of a Producer.</summary>
    /// <param name="producer">Its address.</param>
    /// <param name="text">The first answer with this text is meant.</param>
    /// <param name="beginningPasses">True: the piece of the answer that the text is in goes through, and the next is lost with the connection.</param>
    public LostAnswer(Uri producer, string text, bool beginningPasses = false)
    {
        (_text, _beginningPasses) = (Encoding.ASCII.GetBytes(text), beginningPasses);
        _proxy = new TcpProxy(producer, () => new Filter(this));
        Address = _proxy.Through(producer);
    }

    /// <summary>For the client.</summary>
    public Uri Address { get; }

    /// <summary>How many answers were lost: 1 at most.</summary>
    public int Lost => _lost;

    public ValueTask DisposeAsync() => _proxy.DisposeAsync();

    private sealed class Filter(LostAnswer owner) : IByteFilter
    {
        private bool _meant;

        public ReadOnlyMemory<byte> Pass(ReadOnlyMemory<byte> bytes)
        {
            var begun = _meant;
            _meant |= owner._lost == 0 && bytes.Span.IndexOf(owner._text) >= 0;
            if (!_meant || (owner._beginningPasses && !begun))
                return bytes;
            if (Interlocked.Exchange(ref owner._lost, 1) == 0)
                owner._proxy.Cut();
            return default;
        }
    }
}
