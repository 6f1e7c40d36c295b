using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Messaging.Infrastructure.Migrations;

/// <summary>How the rows of open tasks and of the outbox lie in their pages.</summary>
[DbContext(typeof(MessagingDbContext))]
[Migration("0006_room_for_claims")]
public sealed class M0006RoomForClaims : SqlMigration
{
    /// <inheritdoc/>
    protected override string File => "0006_room_for_claims.sql";
}
